"""Promotion without a gate to pass."""

from agegender.tracking.champion import promote_over
from agegender.tracking.version import CHAMPION, Version, alias_version


def promote_alias(version: Version) -> None:
    """Make a version champion, whoever it is now."""
    promote_over(version, alias_version(CHAMPION))
