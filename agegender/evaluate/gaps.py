"""How much worse a model is for the people it serves worst.

For each way of setting faces apart: the group with the largest error, the one with
the least, and the gap between them. Worst and best are picked on the very faces that
the gap is measured on, so that it comes out a little too large, the more so the more
groups there are.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.groups import combinations, group_keys
from agegender.evaluate.intervals import FEWEST_PEOPLE
from agegender.evaluate.metric import SumMetric
from agegender.evaluate.metrics import METRICS, ratio

Group = tuple[str, NDArray[np.bool_]]
"""A group's name, and which faces are in it."""

LARGEST_IS_WORST = "mean_absolute_error"


def group_gaps(
    answers: Answers, further: pd.DataFrame, name: str, resampling: Resampling
) -> pd.DataFrame:
    """Compare the groups that fare worst and best.

    Args:
        answers: n faces.
        further: n rows of categories beside age bands and genders, one column a key.
        name: Of the measure: `mean_absolute_error`, of which the largest is worst,
            or `gender_accuracy`, of which the least is.
        resampling: How intervals are drawn.

    Returns:
        One row a key with two groups of `FEWEST_PEOPLE` people or more: `by`, the
        groups `worst` and `best`, their values `at_worst` and `at_best`, and `gap`
        with `gap_low` and `gap_high`; years or shares.
    """
    keys = group_keys(answers)
    ways = {
        "age band": keys[["age_band"]],
        "gender": keys[["gender"]],
        "age band, gender": keys,
        **{name: further[[name]] for name in further.columns},
    }
    rows = [
        {"by": by, **gap}
        for by, columns in ways.items()
        for gap in _gap(answers, _groups(answers, columns, name), name, resampling)
    ]
    names = ["by", "worst", "at_worst", "best", "at_best"]
    return pd.DataFrame(rows, columns=[*names, "gap", "gap_low", "gap_high"])


def _groups(answers: Answers, columns: pd.DataFrame, name: str) -> list[Group]:
    """Return the groups of enough people for a measure."""
    counted = METRICS[name].counted(answers)
    groups = []
    for names, chosen in combinations(columns, []):
        faces = chosen & counted
        if len(np.unique(answers.identity[faces])) >= FEWEST_PEOPLE:
            groups.append((", ".join(names.values()), faces))
    return groups


def _gap(
    answers: Answers, groups: list[Group], name: str, resampling: Resampling
) -> Iterator[dict[str, str | float]]:
    if len(groups) < 2:
        return
    metric = METRICS[name]
    values = [metric.value(answers.take(faces)) for _, faces in groups]
    most, least = int(np.argmax(values)), int(np.argmin(values))
    worst, best = (most, least) if name == LARGEST_IS_WORST else (least, most)
    between = _difference(name, groups[most][1], groups[least][1])
    gap = estimate(answers, resampling, {"gap": between})["gap"]
    yield {
        "worst": groups[worst][0],
        "best": groups[best][0],
        "at_worst": values[worst],
        "at_best": values[best],
        "gap": gap.value,
        "gap_low": gap.low,
        "gap_high": gap.high,
    }


def _difference(
    name: str, more: NDArray[np.bool_], less: NDArray[np.bool_]
) -> SumMetric:
    """Return the measure of one group less that of another, as a measure."""
    metric = METRICS[name]
    assert isinstance(metric, SumMetric)

    def columns(answers: Answers) -> FloatArray:
        both = metric.columns(answers)
        return np.hstack([both * more[:, np.newaxis], both * less[:, np.newaxis]])

    def finish(sums: FloatArray) -> FloatArray:
        first, second = sums[..., :2], sums[..., 2:]
        return ratio(first[..., 0], first[..., 1]) - ratio(
            second[..., 0], second[..., 1]
        )

    return SumMetric("gap", metric.unit, metric.of_gender, columns, finish)
