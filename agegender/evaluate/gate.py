"""What a challenger has to pass to become champion, one check a line.

A check that compares two models takes the difference face by face on the same faces,
draws people anew for the pair, and holds against the challenger only what is no
chance. So few faces never refuse a version for a group's bad luck; but the age error
itself has to be shown to be better, which few people can hardly do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import GateConfig
from agegender.counts import counted
from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.bootstrap import Resampling, estimate, resampled_sums
from agegender.evaluate.compare import Comparison, years_text
from agegender.evaluate.coverage import LEVELS, interval_coverage
from agegender.evaluate.groups import ALL, combinations, group_keys
from agegender.evaluate.intervals import FEWEST_PEOPLE, interval, widened
from agegender.evaluate.metrics import METRICS, ratio
from agegender.model.calibration import Calibration

RESAMPLES = 2000
SEED = 0
"""Of the draws of people: the same answers are judged alike whenever asked."""


@dataclass(frozen=True)
class Check:
    """One line of the gate's table.

    Args:
        name: What is looked at.
        wanted: What passes.
        got: What was found.
        passed: The verdict.
    """

    name: str
    wanted: str
    got: str
    passed: bool


@dataclass(frozen=True)
class _Loss:
    """By how much a group's error is worse, in years."""

    group: str
    people: int
    years: float
    low: float


def check_guess(answers: Answers, guess: float, gate: GateConfig) -> Check:
    """Ask whether ages are surely told better than without looking at the faces.

    Args:
        answers: The challenger's.
        guess: Mean absolute error of the trivial guess on the same faces, in years.
        gate: How sure it has to be.
    """
    name = "mean_absolute_error"
    drawn = Resampling(RESAMPLES, SEED, 2.0 * gate.confidence - 1.0)
    mae = estimate(answers, drawn, {name: METRICS[name]})[name]
    ends = (mae.low, mae.high)
    low, high = widened(mae.value, ends, drawn.level, answers.identities)
    figures = f"{mae.value:.2f} [{max(low, 0.0):.2f}, {high:.2f}] years"
    if np.isnan(high):
        figures = f"{mae.value:.2f} years on one person"
    return Check(
        "mean absolute error",
        f"surely below {guess:.2f} years, the trivial guess's",
        figures,
        high < guess,
    )


def check_age(comparison: Comparison, gate: GateConfig) -> Check:
    """Ask whether ages are surely better, or surely no worse than the margin."""
    figures = years_text(comparison.difference, comparison.low, comparison.high)
    if comparison.low == comparison.high == 0.0:
        figures = "both make the same errors on these faces"
    return Check(
        "mean absolute error",
        f"surely below {gate.age_margin:+g} years",
        figures,
        comparison.high < gate.age_margin,
    )


def check_gender(comparison: Comparison, gate: GateConfig) -> Check | None:
    """Ask whether genders are not told worse; None where no gender is known."""
    lost, high = comparison.gender_difference, comparison.gender_high
    if lost is None or high is None:
        return None
    ends = f"({comparison.gender_low:+z.1%} to {high:+z.1%})"
    figures = f"{ends} on {counted(comparison.gender_faces, 'face')}"
    if np.isnan(high):
        figures = "on one person"
    return Check(
        "gender accuracy",
        f"not surely worse by over {gate.gender_margin:.1%}",
        f"{lost:+z.1%} {figures}",
        not (lost < -gate.gender_margin and high < 0.0),
    )


def check_groups(
    new: Answers, old: Answers, further: pd.DataFrame, gate: GateConfig
) -> Check:
    """Ask whether no group pays for what the others gain.

    Args:
        new: The challenger's answers to n faces.
        old: The champion's to the same.
        further: n rows of categories beside age bands and genders, one column a key.
        gate: How much a group may lose.
    """
    error = np.abs(new.age_error) - np.abs(old.age_error)
    columns = np.column_stack([error, np.ones(len(error))])
    losses = []
    for name, chosen in _groups(new, further):
        people = len(np.unique(new.identity[chosen]))
        if people >= FEWEST_PEOPLE:
            low = _low(columns[chosen], new.identity[chosen], gate.confidence)
            losses.append(_Loss(name, people, float(error[chosen].mean()), low))
    wanted = f"none surely worse by over {gate.group_margin:g} years"
    if not losses:
        few = f"no group has {FEWEST_PEOPLE} people"
        return Check("worst group", wanted, few, passed=True)
    failed = [one for one in losses if one.years > gate.group_margin and one.low > 0.0]
    worst = max(failed or losses, key=lambda one: one.years)
    got = f"{worst.years:+z.2f} years at {worst.group} ({worst.people:,} people)"
    return Check("worst group", wanted, got, not failed)


def check_coverage(
    answers: Answers, calibration: Calibration, gate: GateConfig
) -> Check:
    """Ask whether age intervals hold what they promise.

    What they miss counts if it is no chance. There is as much chance in the share of
    the faces that their spans were fitted to, and of two levels, either way, one may
    be off: the gate's confidence is that of all four together (Bonferroni).

    Args:
        answers: n faces, ages corrected by the calibration.
        calibration: Which intervals are drawn.
        gate: How far they may be off.
    """
    level = 1.0 - (1.0 - gate.confidence) / len(LEVELS)  # either way: half of it each
    table = interval_coverage(answers, calibration, Resampling(level=level))
    whole = table[table["by"] == ALL]
    wanted, share, low, high = whole[["level", "share", "low", "high"]].to_numpy().T
    fitted = calibration.faces or np.inf  # without a fit, no chance in it
    chance = np.sqrt(1.0 + len(answers) / fitted)
    missed = share - wanted
    towards = np.where(missed > 0.0, share - low, high - share)
    # Too few people have no interval (NaN), and so nothing that is surely off.
    surely = np.abs(missed) > chance * towards
    off = np.abs(missed) > gate.coverage_margin
    told = [f"{s:.1%} of {w:.0%}" for s, w in zip(share, wanted, strict=True)]
    return Check(
        "interval coverage",
        f"not surely off by over {gate.coverage_margin:.1%}",
        ", ".join(told),
        not (off & surely).any(),
    )


def check_limit(name: str, value: float, largest: float, unit: str) -> Check:
    """Ask whether a value keeps a limit; 0 for no limit."""
    wanted = f"at most {largest:g} {unit}" if largest else "no limit"
    return Check(name, wanted, f"{value:.3g} {unit}", not largest or value <= largest)


def table_text(checks: Sequence[Check]) -> str:
    """Lay checks out for reading."""
    rows = [(c.name, c.wanted, c.got, "pass" if c.passed else "FAIL") for c in checks]
    lines = [("check", "wanted", "got", ""), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _groups(
    answers: Answers, further: pd.DataFrame
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield every group of the report, and which faces are in it."""
    for names, chosen in combinations(group_keys(answers), [ALL]):
        if name := ", ".join(one for one in names.values() if one != ALL):
            yield name, chosen
    for key in further.columns:
        for names, chosen in combinations(further[[key]], []):
            yield f"{key} {names[key]}", chosen


def _low(columns: FloatArray, people: NDArray[np.int64], confidence: float) -> float:
    draws = resampled_sums(columns, people, RESAMPLES, SEED)
    return interval(ratio(draws[:, 0], draws[:, 1]), 2.0 * confidence - 1.0)[0]
