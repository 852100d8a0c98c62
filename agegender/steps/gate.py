"""All checks of a version that would become champion."""

import time
from typing import TYPE_CHECKING, NamedTuple

from agegender.config import GateConfig
from agegender.errors import GateRefusedError, ModelError
from agegender.progress import Progress
from agegender.steps.answering import answers_of, network_of, report_of

if TYPE_CHECKING:
    import pandas as pd

    from agegender.data.store import FaceStore
    from agegender.evaluate.answers import Answers
    from agegender.evaluate.gate import Check
    from agegender.evaluate.report import Report
    from agegender.tracking.version import Version

TEST_SPLIT_TAG = "gate.test_split"
"""Tag of a champion: content hash of the test faces that it was judged by."""


class Verdict(NamedTuple):
    """What came of the gate."""

    checks: "list[Check]"
    reason: str  # of the check that decides first, the age error
    report: "Report"  # of the challenger

    @property
    def failed(self) -> "list[Check]":
        """Return the checks that were not passed."""
        return [check for check in self.checks if not check.passed]


def judge(
    challenger: "Version",
    champion: "Version | None",
    store: "FaceStore",
    gate: GateConfig,
    progress: Progress,
) -> Verdict:
    """Look at a version from every side; without a champion, from those that need none.

    Args:
        challenger: The version that would become champion.
        champion: The one that is; None to hold it against the trivial guess.
        store: Its test split decides.
        gate: What has to be held.
        progress: Called as faces are answered.

    Raises:
        GateRefusedError: If the champion cannot answer these faces.
        ModelError: If the challenger cannot.
    """
    from agegender.data.splits import LEAKING
    from agegender.evaluate import gate as gates
    from agegender.model.latency import latency_ms

    network = network_of(challenger, store)
    report = report_of(network, store, "test", progress)
    if champion is None:
        checks, reason = _against_guess(report, gate)
    else:
        old = _champion_answers(champion, store, progress)
        labels = store.labels.iloc[store.rows("test")]
        checks, reason = _against_champion(report.answers, old, labels, champion, gate)
        checks += _as_before(challenger, champion, store, gate)
    if store.manifest.split_rules.leak:
        checks.append(gates.Check("people", "in one split each", LEAKING, False))
    took = latency_ms(network, time.perf_counter)
    checks += [
        gates.check_coverage(report.answers, network.calibration, gate),
        gates.check_limit("latency", took, gate.latency_ms, "ms"),
        gates.check_limit("size", _megabytes(challenger), gate.size_mb, "MB"),
    ]
    return Verdict(checks, reason, report)


def _against_guess(report: "Report", gate: GateConfig) -> "tuple[list[Check], str]":
    from agegender.evaluate.answers import NO_GENDER
    from agegender.evaluate.gate import check_guess

    guess = report.metrics["mean_absolute_error"].baseline
    check = check_guess(report.answers, guess, gate)
    reason = (
        f"judged without a champion; test MAE {check.got} against "
        f"{guess:.2f} of the trivial guess"
    )
    if report.gender_faces == 0:
        reason += f"; {NO_GENDER}"
    return [check], reason


def _against_champion(
    new: "Answers",
    old: "Answers",
    labels: "pd.DataFrame",
    champion: "Version",
    gate: GateConfig,
) -> "tuple[list[Check], str]":
    from agegender.evaluate import gate as gates
    from agegender.evaluate.compare import compare_answers
    from agegender.evaluate.further_keys import further_keys

    comparison = compare_answers(
        new,
        old,
        confidence=gate.confidence,
        gender_tolerance=gate.gender_margin,
    )
    told = [
        gates.check_age(comparison, gate),
        gates.check_gender(comparison, gate),
        gates.check_groups(new, old, further_keys(labels), gate),
    ]
    reason = f"against version {champion.number}: {comparison.reason}"
    return [check for check in told if check is not None], reason


def _champion_answers(
    champion: "Version", store: "FaceStore", progress: Progress
) -> "Answers":
    from agegender.evaluate.answers import pair

    try:
        network = network_of(champion, store)
    except ModelError as error:
        raise GateRefusedError(
            f"the champion cannot answer these faces, so nothing was promoted: "
            f"{error} Or judge against the trivial guess alone: --ignore-champion."
        ) from error
    labels = store.labels.iloc[store.rows("test")]
    return pair(*answers_of(network, store, "test", progress), labels, network.point)


def _as_before(
    challenger: "Version", champion: "Version", store: "FaceStore", gate: GateConfig
) -> "list[Check]":
    from agegender.evaluate.gate import Check
    from agegender.tracking.registry import signature_of

    checks = []
    if gate.same_signature:
        same = signature_of(challenger) == signature_of(champion)
        got = "the same" if same else "another"
        checks.append(Check("signature", "the champion's", got, same))
    if gate.same_test_split:
        before, now = champion.tags.get(TEST_SPLIT_TAG), store.split_hash("test")
        got = "the same" if before == now else "other faces"
        got = got if before else "not known of the champion"
        passed = before in {None, now}
        checks.append(Check("test split", "the champion's", got, passed))
    return checks


def _megabytes(version: "Version") -> float:
    from agegender.tracking.registry import download_network

    return download_network(version).stat().st_size / 1e6
