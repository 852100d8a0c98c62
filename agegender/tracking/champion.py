"""Which version is champion, and how another takes its place."""

from agegender.errors import GateRefusedError, ModelError
from agegender.tracking.alone import alone
from agegender.tracking.registry import set_alias
from agegender.tracking.version import CHAMPION, PREVIOUS, Version, alias_version


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
        version: The new champion.
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


def _crown(version: Version, champion: Version | None) -> None:
    if version.number is None:
        raise ModelError(
            f"only a registered version can be promoted. Received: {version.uri}."
        )
    if champion and champion.number == version.number:
        return
    moves = [(CHAMPION, version.number)]
    if champion and champion.number is not None:
        moves.insert(0, (PREVIOUS, champion.number))
    previous = alias_version(PREVIOUS)
    if previous and previous.number == version.number:
        # The only name it has: a rollback killed between the moves must have put it
        # back, or none could any more.
        moves.reverse()
    for alias, number in moves:
        set_alias(alias, number)
