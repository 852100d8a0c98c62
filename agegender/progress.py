"""How long work tells how far it is, without knowing who listens."""

from collections.abc import Callable
from typing import Final

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what): pieces finished, pieces in all, their name.

A second line of the name tells how the work stands."""

BYTES: Final = "(bytes)"
"""How the name ends where the pieces are bytes."""


def silent(done: int, total: int, what: str) -> None:
    """Tell nobody."""
