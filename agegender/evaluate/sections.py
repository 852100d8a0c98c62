"""What a report tells beyond its measures and groups, one table a question."""

from dataclasses import dataclass, replace
from typing import Final, get_args

import numpy as np
import pandas as pd

from agegender.config import Point
from agegender.counts import counted
from agegender.evaluate.abstention import abstention
from agegender.evaluate.answers import Answers
from agegender.evaluate.assurance import age_assurance
from agegender.evaluate.baseline import TrivialGuess
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.coverage import interval_coverage
from agegender.evaluate.cumulative import cumulative_scores
from agegender.evaluate.gaps import group_gaps
from agegender.evaluate.groups import ALL
from agegender.evaluate.intervals import FEWEST_PEOPLE
from agegender.evaluate.metrics import METRICS
from agegender.evaluate.reliability import (
    age_histogram_of_levels,
    expected_calibration_error,
    gender_reliability,
)
from agegender.model.calibration import Calibration

POINTS: Final[tuple[Point, ...]] = get_args(Point)

CHALLENGES = (0, 7)
"""Years above a threshold whose rows a short text shows: none, and Challenge 25."""


@dataclass(frozen=True, eq=False)
class Section:
    """One table of a report.

    Args:
        title: What people read.
        says: How to read it, in a sentence or two.
        table: All rows.
        units: Column -> `years`, `share`, `count` or `text`. A column's interval is in
            the columns of its name and `_low`, `_high`; those of `share` in `low` and
            `high`.
        brief: Which rows a short text shows, bool (rows,).
    """

    title: str
    says: str
    table: pd.DataFrame
    units: dict[str, str]
    brief: pd.Series


def sections(
    answers: Answers,
    calibration: Calibration,
    further: pd.DataFrame,
    resampling: Resampling,
    guess: TrivialGuess,
) -> dict[str, Section]:
    """Return the tables of a report: name -> section.

    Args:
        answers: n faces.
        calibration: By which the answers were corrected.
        further: n rows of categories beside age bands and genders, one column a key.
        resampling: How intervals are drawn.
        guess: Of the training labels.
    """
    return {
        "age_gaps": _gaps(answers, further, "mean_absolute_error", resampling),
        "gender_gaps": _gaps(answers, further, "gender_accuracy", resampling),
        "points": _points(answers, resampling),
        "cumulative_scores": _cumulative(answers, resampling, guess),
        "interval_coverage": _coverage(answers, calibration, resampling),
        "age_levels": _levels(answers),
        "gender_reliability": _reliability(answers, resampling),
        "age_assurance": _assurance(answers, resampling),
        "abstention": _abstention(answers, resampling),
    }


def _gaps(
    answers: Answers, further: pd.DataFrame, name: str, resampling: Resampling
) -> Section:
    table = group_gaps(answers, further, name, resampling)
    metric = METRICS[name]
    return Section(
        f"Worst and best groups: {metric.title}",
        "Picked on these very faces, so that the gap is a little too large."
        if len(table)
        else "Not measured: no two groups have people enough.",
        table,
        {
            "by": "text",
            "worst": "text",
            "at_worst": metric.unit,
            "best": "text",
            "at_best": metric.unit,
            "gap": metric.unit,
        },
        pd.Series(data=True, index=table.index),
    )


def _points(answers: Answers, resampling: Resampling) -> Section:
    names = ("mean_absolute_error", "median_absolute_error", "cs_at_5", "age_bias")
    metrics = {name: METRICS[name] for name in names}
    rows = []
    for point in POINTS:
        got = estimate(replace(answers, point=point), resampling, metrics)
        row: dict[str, str | float] = {"age_told": point}
        for name, one in got.items():
            row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        rows.append(row)
    table = pd.DataFrame(rows)
    units = {name: METRICS[name].unit for name in names}
    return Section(
        "Which age of a distribution to tell",
        f"This model tells the {answers.point}; training may choose another.",
        table,
        {"age_told": "text", **units},
        pd.Series(data=True, index=table.index),
    )


def _cumulative(
    answers: Answers, resampling: Resampling, guess: TrivialGuess
) -> Section:
    table = cumulative_scores(answers, resampling, guess.central_age)
    central = counted(round(guess.central_age), "year")
    return Section(
        "Share of faces at most k years off",
        "CS@0 counts guesses that are right in whole years. The trivial guess is "
        f"{central}: no age has more training faces within 5.",
        table,
        {"years": "count", "share": "share", "trivial_guess": "share"},
        table["years"].isin([1, 3, 5, 10, 15]),
    )


def _coverage(
    answers: Answers, calibration: Calibration, resampling: Resampling
) -> Section:
    table = interval_coverage(answers, calibration, resampling)
    fitted = (
        f"Fitted on {calibration.faces:,} validation faces (split-conformal, by "
        "guessed age): promised over all and by guessed age, not by true age or gender."
        if calibration.has_intervals
        else "Not fitted: the network's own belief, which promises nothing."
    )
    return Section(
        "Age intervals: how many hold the true age",
        fitted,
        table,
        {
            "level": "share",
            "by": "text",
            "group": "text",
            "faces": "count",
            "share": "share",
            "width": "years",
        },
        table["by"] == ALL,
    )


def _levels(answers: Answers) -> Section:
    density = age_histogram_of_levels(answers)
    edges = np.linspace(0.0, 1.0, len(density) + 1)
    table = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "density": density})
    return Section(
        "Where true ages lie in their predicted distributions",
        "1 everywhere if the model knows how sure it is; more at both ends, and it is "
        "too sure; more in the middle, and it doubts too much.",
        table,
        {"from": "share", "to": "share", "density": "number"},
        pd.Series(data=False, index=table.index),
    )


def _reliability(answers: Answers, resampling: Resampling) -> Section:
    table = gender_reliability(answers, resampling)
    error = expected_calibration_error(table)
    return Section(
        "Probability of male, and how many are men",
        f"Expected calibration error {error:.3f}."
        if np.isfinite(error)
        else "Not measured: no face's gender is known.",
        table,
        {
            "from": "share",
            "to": "share",
            "faces": "count",
            "predicted": "share",
            "share": "share",
        },
        pd.Series(data=False, index=table.index),
    )


def _assurance(answers: Answers, resampling: Resampling) -> Section:
    table = age_assurance(answers, resampling)
    return Section(
        "Age assurance: who passes unasked",
        "Whoever is guessed at the challenge age or older passes. False positives are "
        "those under the threshold who pass; just under means by at most 4 years. "
        f"Of fewer than {FEWEST_PEOPLE} people there is no interval.",
        table,
        {
            "threshold": "count",
            "challenge": "count",
            "gender": "text",
            "false_positive_faces": "count",
            "false_positive": "share",
            "just_under_faces": "count",
            "just_under": "share",
            "true_positive_faces": "count",
            "true_positive": "share",
        },
        (table["challenge"] - table["threshold"]).isin(CHALLENGES),
    )


def _abstention(answers: Answers, resampling: Resampling) -> Section:
    table = abstention(answers, resampling)
    units = {
        "answered": "share",
        "faces": "count",
        "largest_spread": "years",
        "mean_absolute_error": "years",
        "least_certainty": "share",
        "gender_accuracy": "share",
    }
    return Section(
        "Answering only where the model is surest",
        "Ages where the distribution is narrowest, genders where the probability is "
        "farthest from even.",
        table,
        {name: unit for name, unit in units.items() if name in table},
        table["answered"].isin([1.0, 0.8, 0.5]),
    )
