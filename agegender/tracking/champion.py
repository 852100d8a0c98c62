"""Which version is champion, and how another takes its place.

A registry moves one alias at a time, and whoever moves them may be killed between
any two. So the champion is first noted as `outgoing`, which is taken back last: as
long as it is there, somebody's moves may be unfinished, and whoever moves the champion
next finishes them first.
"""

from agegender.errors import GateRefusedError, ModelError
from agegender.tracking.alone import alone
from agegender.tracking.registry import drop_alias, set_alias
from agegender.tracking.version import (
    CHAMPION,
    OUTGOING,
    PREVIOUS,
    Version,
    alias_version,
)


def promote_alias(version: Version) -> None:
    """Make a version champion; the one it replaces stays known as `previous`.

    Raises:
        ModelError: If it is a lone file, or the registry refuses.
    """
    with alone():
        _crown(version, alias_version(CHAMPION))


def promote_over(version: Version, judged: Version | None) -> None:
    """Make a version champion, if the champion is still the one it was judged by.

    Judging takes a while, in which somebody else may promote another version. Between
    the last look and the move, whoever promotes as we do waits; on a server that takes
    longer than `alone.STALE_SECONDS` to answer, the wait is broken off.

    Args:
        version: The new champion; of the one that is champion already, what a killed
            promotion left undone is done.
        judged: The champion when judging began; None for none.

    Raises:
        GateRefusedError: If there is another champion by now.
        ModelError: If it is a lone file, or the registry refuses.
    """
    with alone():
        champion = alias_version(CHAMPION)
        if (champion and champion.number) != (judged and judged.number):
            now = f"version {champion.number}" if champion else "none"
            raise GateRefusedError(
                f"version {version.number} was not promoted: the champion changed "
                f"while it was judged, and is {now} now. Promote again."
            )
        _crown(version, champion)


def previous_champion(champion: Version | None) -> Version | None:
    """Return the version that was champion before, or None where there is none.

    It is right between the moves of a promotion, too, where `previous` still names
    the one before that, or the champion itself.

    Args:
        champion: Who is it now.

    Raises:
        ModelError: If the registry cannot be read.
    """
    for alias in (OUTGOING, PREVIOUS):
        version = alias_version(alias)
        if version and version.number != (champion and champion.number):
            return version
    return None


def _crown(version: Version, champion: Version | None) -> None:
    if version.number is None:
        raise ModelError(
            f"only a registered version can be promoted. Received: {version.uri}."
        )
    _finish(champion)
    if champion and champion.number == version.number:
        return
    if champion and champion.number is not None:
        set_alias(OUTGOING, champion.number)
    set_alias(CHAMPION, version.number)
    _finish(version)


def _finish(champion: Version | None) -> None:
    """Do what is left to do once a version is champion, whoever made it that."""
    outgoing = alias_version(OUTGOING)
    if outgoing is None or outgoing.number is None:
        return
    # A promotion that was killed before it moved the champion left it outgoing.
    if outgoing.number != (champion and champion.number):
        set_alias(PREVIOUS, outgoing.number)
    drop_alias(OUTGOING)
