"""The same model on data sets that it did not learn from.

A model is judged on faces of the kind that it was trained on: same camera, same
crop, same annotators. What it does on others is what a user will see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from agegender.evaluate.answers import Answers
from agegender.evaluate.baseline import TrivialGuess, trivial_values
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.coverage import interval_coverage
from agegender.evaluate.groups import ALL
from agegender.evaluate.metrics import METRICS
from agegender.evaluate.sections import Section
from agegender.model.calibration import Calibration

LEVEL: Final = 0.9
"""Of the age intervals that are counted, a share of faces."""

MEASURES: Final = ("mean_absolute_error", "age_bias", "cs_at_5", "gender_accuracy")


@dataclass(frozen=True, eq=False)
class Measured:
    """A data set, and what a model answered on faces of it.

    Args:
        data: What people call it.
        split: Which of its faces.
        answers: Of these faces.
        left_out: Faces of people that the model was trained on, not counted.
    """

    data: str
    split: str
    answers: Answers
    left_out: int = 0


def cross_data(
    measured: Sequence[Measured],
    calibration: Calibration,
    guess: TrivialGuess,
    resampling: Resampling,
) -> Section:
    """Put a model's figures on several data sets into one table.

    Args:
        measured: The data sets, that of the training first.
        calibration: By which the answers were corrected.
        guess: Of the training faces, for every data set: a model knows no other.
        resampling: How intervals are drawn.

    Returns:
        A section with one row a data set: `data`, `split`, `faces`, `people`,
        `left_out`, the `MEASURES` with `_low` and `_high`, `coverage` (of the age
        intervals for 90 %) likewise, and `trivial_error`, the mean absolute error of
        the trivial guess. NaN where nothing could be measured.
    """
    rows = [_row(one, calibration, guess, resampling) for one in measured]
    table = pd.DataFrame(rows)
    return Section(
        "On other data",
        f"The same network and calibration; coverage is of the intervals for "
        f"{LEVEL:.0%}. The trivial guess is that of the first one's training labels; "
        "of the others, faces of people among those are left out.",
        table,
        {
            "data": "text",
            "split": "text",
            "faces": "count",
            "people": "count",
            "left_out": "count",
            **{name: METRICS[name].unit for name in MEASURES},
            "coverage": "share",
            "trivial_error": "years",
        },
        pd.Series(data=True, index=table.index),
    )


def _row(
    one: Measured,
    calibration: Calibration,
    guess: TrivialGuess,
    resampling: Resampling,
) -> dict[str, str | int | float]:
    answers = one.answers
    row: dict[str, str | int | float] = {
        "data": one.data,
        "split": one.split,
        "faces": len(answers),
        "people": answers.identities,
        "left_out": one.left_out,
    }
    metrics = {name: METRICS[name] for name in MEASURES}
    for name, got in estimate(answers, resampling, metrics).items():
        row |= {name: got.value, f"{name}_low": got.low, f"{name}_high": got.high}
    held = interval_coverage(answers, calibration, resampling, [LEVEL])
    whole = held[held["by"] == ALL].iloc[0]
    row |= {"coverage": whole["share"]}
    row |= {"coverage_low": whole["low"], "coverage_high": whole["high"]}
    trivial = trivial_values(guess, answers)
    return row | {"trivial_error": trivial.get("mean_absolute_error", np.nan)}
