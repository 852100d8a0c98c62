"""From a report to a champion, and back: `promote` and `rollback`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from agegender.config import GateConfig
from agegender.errors import ConfigError, GateRefusedError, ModelError
from agegender.progress import Progress, silent
from agegender.steps.card import card_of, keep_card
from agegender.steps.gate import TEST_SPLIT_TAG, Verdict, judge
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.tracking.version import Version


def promote(
    store: str,
    alias: str = "challenger",
    version: int | None = None,
    gate: GateConfig = GateConfig(),
    ignore_champion: bool = False,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Make a version champion if it is the better one on the same test faces.

    Args:
        store: Face store whose test split decides.
        alias: The version to promote, by alias.
        version: The version to promote, by number, instead.
        gate: YAML file that says what it has to hold; each can be given beside it.
        ignore_champion: Judge against the trivial guess alone, as where the
            champion was trained on faces cut otherwise.
        dry_run: Judge, but move nothing.
        progress: Called as faces are answered.

    Returns:
        Every check, and what was done.

    Raises:
        GateRefusedError: If a check was not passed; the champion stays.
    """
    from agegender.data.store import FaceStore
    from agegender.evaluate.gate import table_text
    from agegender.tracking.champion import promote_over
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.version import CHAMPION, alias_version, resolve

    uri = _challenger_uri(alias, version)
    faces = FaceStore.open(store)
    use_tracking_store()
    challenger = resolve(uri)
    champion = alias_version(CHAMPION)
    if champion is not None and champion.number == challenger.number:
        if not dry_run:
            # The same command may have been killed before its last move.
            promote_over(challenger, champion)
        text = f"version {challenger.number} is the champion already"
        return Outcome({"promoted": False, "version": challenger.number}, text)
    rival = None if ignore_champion else champion
    verdict = judge(challenger, rival, faces, gate, progress)
    table = table_text(verdict.checks)
    if verdict.failed:
        failed = "; ".join(f"{one.name}: {one.got}" for one in verdict.failed)
        raise GateRefusedError(
            f"version {challenger.number} was not promoted: {verdict.reason} "
            f"(not passed: {failed})",
            table,
        )
    if not dry_run:
        # The alias moves last: no champion is without its card, whatever fails.
        _keep_verdict(challenger, verdict, faces, table)
        promote_over(challenger, champion)
    done = "would become" if dry_run else "is now"
    text = f"version {challenger.number} {done} champion: {verdict.reason}\n\n{table}"
    data = {
        "promoted": not dry_run,
        "version": challenger.number,
        "reason": verdict.reason,
        "checks": [asdict(check) for check in verdict.checks],
    }
    return Outcome(data, text)


def _challenger_uri(alias: str, version: int | None) -> str:
    """Return how MLflow writes the version that is to be promoted."""
    from agegender.tracking.version import CHALLENGER, MODEL_NAME

    if version is None:
        return f"models:/{MODEL_NAME}@{alias}"
    if alias != CHALLENGER:
        raise ConfigError(
            "give --alias or --version, not both. "
            f"Received: alias {alias!r}, version {version}."
        )
    return f"models:/{MODEL_NAME}/{version}"


def _keep_verdict(
    challenger: "Version", verdict: Verdict, faces: "FaceStore", table: str
) -> None:
    """Keep with a version its card, and how and by which faces it was judged."""
    from agegender.tracking.registry import tag_version

    keep_card(challenger, card_of(challenger, faces, verdict.report, table))
    checks = [asdict(check) for check in verdict.checks]
    tag_version(
        challenger,
        {
            "gate": verdict.reason,
            "gate.checks": json.dumps(checks),
            TEST_SPLIT_TAG: faces.split_hash("test"),
        },
    )


def rollback(dry_run: bool = False, progress: Progress = silent) -> Outcome:  # noqa: ARG001
    """Make the previous champion champion again.

    The one that steps back becomes `previous`, so that a second rollback undoes the
    first. One that was killed half way is brought to its end by the same command.

    Args:
        dry_run: Say what would be done, but move nothing.
        progress: Not called: this takes no time.

    Returns:
        Which version is champion now, and which was.

    Raises:
        GateRefusedError: If another version was promoted meanwhile.
        ModelError: If there is no previous champion.
    """
    from agegender.tracking.champion import (
        previous_champion,
        promote_over,
        withdrawn_champion,
    )
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.version import CHAMPION, alias_version

    use_tracking_store()
    champion = alias_version(CHAMPION)
    back, was = previous_champion(champion), champion
    if champion and (left := withdrawn_champion(champion)):
        # It is back already, and the rollback was killed before it said who was left.
        back, was = champion, left
    if back is None:
        raise ModelError(
            "there is no previous champion to go back to: it appears when a champion "
            "is replaced by another version."
        )
    if not dry_run:
        promote_over(back, champion, back=True)
    instead = f" instead of version {was.number}" if was else ""
    done = "would become" if dry_run else "is now"
    return Outcome(
        {"version": back.number, "was": was and was.number},
        f"version {back.number} {done} champion{instead}",
    )
