"""From a report to a champion, and back: `promote` and `rollback`."""

from typing import TYPE_CHECKING, Any

from agegender.errors import GateRefusedError, ModelError
from agegender.progress import Progress, silent
from agegender.steps.judging import answers_of, network_of, report_of
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.tracking.registry import Version


def promote(
    store: str,
    alias: str = "challenger",
    version: int | None = None,
    ignore_champion: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Make a version champion if it is the better one on the same test faces.

    Args:
        store: Face store whose test split decides.
        alias: The version to promote, by alias.
        version: The version to promote, by number, instead.
        ignore_champion: Judge against the trivial guess alone, as where the
            champion was trained on faces cut otherwise.
        dry_run: Judge, but move nothing.
        progress: Called as faces are answered.

    Returns:
        The comparison and what was done.

    Raises:
        GateRefusedError: If it is not better; the champion stays.
    """
    from agegender.data.store import FaceStore
    from agegender.tracking import registry
    from agegender.tracking.store import use_tracking_store

    faces = FaceStore.open(store)
    use_tracking_store()
    name = version if version is not None else f"@{alias}"
    separator = "/" if version is not None else ""
    challenger = registry.resolve(f"models:/agegender{separator}{name}")
    champion = registry.alias_version(registry.CHAMPION)
    if champion is not None and champion.number == challenger.number:
        text = f"version {challenger.number} is the champion already"
        return Outcome({"promoted": False, "version": challenger.number}, text)
    rival = None if ignore_champion else champion
    verdict = _verdict(challenger, rival, faces, progress)
    if not verdict["better"]:
        raise GateRefusedError(
            f"version {challenger.number} was not promoted: {verdict['reason']}"
        )
    if not dry_run:
        registry.promote_alias(challenger)
        registry.tag_version(challenger, {"gate": verdict["reason"]})
    done = "would become" if dry_run else "is now"
    text = f"version {challenger.number} {done} champion: {verdict['reason']}"
    data = {"promoted": not dry_run, "version": challenger.number, **verdict}
    return Outcome(data, text)


def rollback(dry_run: bool = False, progress: Progress = silent) -> Outcome:  # noqa: ARG001
    """Make the previous champion champion again.

    The one that steps back becomes `previous`, so that a second rollback undoes the
    first.

    Args:
        dry_run: Say what would be done, but move nothing.
        progress: Not called: this takes no time.

    Returns:
        Which version is champion now, and which was.

    Raises:
        ModelError: If there is no previous champion.
    """
    from agegender.tracking import registry
    from agegender.tracking.store import use_tracking_store

    use_tracking_store()
    previous = registry.alias_version(registry.PREVIOUS)
    if previous is None:
        raise ModelError(
            "there is no previous champion to go back to: it appears with the second "
            "promotion."
        )
    champion = registry.alias_version(registry.CHAMPION)
    if not dry_run:
        registry.promote_alias(previous)
    was = f" instead of version {champion.number}" if champion else ""
    done = "would become" if dry_run else "is now"
    return Outcome(
        {"version": previous.number, "was": champion and champion.number},
        f"version {previous.number} {done} champion{was}",
    )


def _verdict(
    challenger: "Version",
    champion: "Version | None",
    store: "FaceStore",
    progress: Progress,
) -> dict[str, Any]:
    """Compare on the test split; without a champion, against the trivial guess."""
    from agegender.evaluate.answers import NO_GENDER
    from agegender.evaluate.compare import compare

    if champion is None:
        report = report_of(challenger, store, "test", progress)
        mae = report.metrics["mean_absolute_error"]
        better = mae.high < mae.baseline
        reason = (
            f"judged without a champion; test MAE {mae.value:.2f} "
            f"[{mae.low:.2f}, {mae.high:.2f}] years against "
            f"{mae.baseline:.2f} of the trivial guess"
        )
        if report.gender_faces == 0:
            reason += f"; {NO_GENDER}"
        return {"better": bool(better), "reason": reason}
    network = network_of(challenger, store)
    try:
        champion_network = network_of(champion, store)
    except ModelError as error:
        raise GateRefusedError(
            f"the champion cannot answer these faces, so nothing was promoted: "
            f"{error} Or judge against the trivial guess alone: --ignore-champion."
        ) from error
    labels = store.labels.iloc[store.rows("test")]
    verdict = compare(
        answers_of(network, store, "test", progress),
        answers_of(champion_network, store, "test", progress),
        labels,
        points=(network.point, champion_network.point),
    )
    reason = f"against version {champion.number}: {verdict.reason}"
    return {"better": verdict.better, "reason": reason}
