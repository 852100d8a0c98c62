"""Which version is champion, and how another takes its place.

A registry moves one alias at a time, and whoever moves them may be killed between
any two. So the champion is first noted as `outgoing`, which is taken back last: as
long as it is there, somebody's moves may be unfinished, and whoever moves the champion
next finishes them first. A rollback notes it as `withdrawn` instead: near their end
both leave the same aliases otherwise, but what a rollback has to do is to complete
another rollback and to undo a promotion.
"""

from typing import Final

from agegender.errors import GateRefusedError, ModelError
from agegender.tracking.alone import alone
from agegender.tracking.registry import drop_alias, set_alias
from agegender.tracking.version import (
    CHAMPION,
    OUTGOING,
    PREVIOUS,
    WITHDRAWN,
    Version,
    alias_version,
)

_NOTED: Final = (OUTGOING, WITHDRAWN)
"""Names of a champion whose place is being taken; never are both there."""


def promote_over(
    version: Version, judged: Version | None, *, back: bool = False
) -> None:
    """Make a version champion, if the champion is still the one it was judged by.

    Judging takes a while, in which somebody else may promote another version. Between
    the last look and the move, whoever promotes as we do waits; on a server that takes
    longer than `alone.STALE_SECONDS` to answer, the wait is broken off.

    Args:
        version: The new champion; of the one that is champion already, what a killed
            promotion left undone is done.
        judged: The champion when judging began; None for none.
        back: Whether this is a rollback.

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
        _crown(version, champion, WITHDRAWN if back else OUTGOING)


def previous_champion(champion: Version | None) -> Version | None:
    """Return the version that was champion before, or None where there is none.

    It is right between the moves of a promotion, too, where `previous` still names
    the one before that, or the champion itself.

    Args:
        champion: Who is it now.

    Raises:
        ModelError: If the registry cannot be read.
    """
    for alias in (*_NOTED, PREVIOUS):
        version = alias_version(alias)
        if version and version.number != (champion and champion.number):
            return version
    return None


def withdrawn_champion(champion: Version | None) -> Version | None:
    """Return whose place the champion took in a rollback that is not finished.

    None where no rollback was killed, or it was before it moved the champion.

    Args:
        champion: Who is it now.

    Raises:
        ModelError: If the registry cannot be read.
    """
    version = alias_version(WITHDRAWN)
    same = version and version.number == (champion and champion.number)
    return None if same else version


def _crown(version: Version, champion: Version | None, noted: str) -> None:
    if version.number is None:
        raise ModelError(
            f"only a registered version can be promoted. Received: {version.uri}."
        )
    _finish(champion)
    if champion and champion.number == version.number:
        return
    if champion and champion.number is not None:
        set_alias(noted, champion.number)
    set_alias(CHAMPION, version.number)
    _finish(version)


def _finish(champion: Version | None) -> None:
    """Do what is left to do once a version is champion, whoever made it that."""
    for noted in _NOTED:
        outgoing = alias_version(noted)
        if outgoing is None or outgoing.number is None:
            continue
        # Whoever was killed before moving the champion left it noted.
        if outgoing.number != (champion and champion.number):
            set_alias(PREVIOUS, outgoing.number)
        drop_alias(noted)
