"""For whom the model works, and for whom not.

One number over all faces hides the groups that it fails. Groups too small to
judge are kept in the table, flagged and without an interval: a bootstrap of a few
people would look far surer than it is.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers
from agegender.evaluate.bootstrap import Estimate, Resampling, estimate
from agegender.evaluate.metrics import METRICS, Metric

ALL = "all"
"""Stands in a key's column where the row joins all groups of that key."""

SMALLEST_GROUP = 30
"""People from which on a group has an interval."""

AGE_BANDS = ("0-9", "10-19", "20-29", "30-39", "40-59", "60+")
_BAND_STARTS = (0.0, 10.0, 20.0, 30.0, 40.0, 60.0, np.inf)

GROUP_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        name: METRICS[name]
        for name in ("mean_absolute_error", "age_bias", "cs_at_5", "gender_accuracy")
    }
)


def group_keys(answers: Answers) -> pd.DataFrame:
    """Say which age band and gender each face belongs to.

    Args:
        answers: n faces; the true labels are read.

    Returns:
        n rows of two categories, `age_band` and `gender`.
    """
    bands = pd.cut(answers.age, _BAND_STARTS, right=False, labels=AGE_BANDS)
    genders = pd.Categorical(
        np.where(answers.male, "male", "female"), categories=["female", "male"]
    )
    return pd.DataFrame({"age_band": bands, "gender": genders})


def group_table(
    answers: Answers, keys: pd.DataFrame, resampling: Resampling
) -> pd.DataFrame:
    """Measure every combination of groups, margins included.

    Args:
        answers: n faces.
        keys: n rows of categories, one column a key, as from `group_keys`.
        resampling: How intervals are drawn.

    Returns:
        One row a combination: the keys (`all` in a margin), `faces`,
        `identities`, `small`, and for each of `GROUP_METRICS` its name, `_low`
        and `_high`; NaN where a group is empty or too small for an interval.
    """
    rows = [
        _measured(names, answers.take(chosen), resampling)
        for names, chosen in _combinations(keys)
    ]
    return pd.DataFrame(rows)


def _combinations(
    keys: pd.DataFrame,
) -> Iterator[tuple[dict[str, str], NDArray[np.bool_]]]:
    options = [[ALL, *column.cat.categories] for _, column in keys.items()]
    for names in product(*options):
        chosen = np.ones(len(keys), dtype=np.bool_)
        for (_, column), name in zip(keys.items(), names, strict=True):
            if name != ALL:
                chosen &= (column == name).to_numpy()
        yield dict(zip(keys.columns, names, strict=True)), chosen


def _measured(
    names: dict[str, str], group: Answers, resampling: Resampling
) -> dict[str, str | int | bool | float]:
    small = group.identities < SMALLEST_GROUP
    drawn = Resampling(0, resampling.seed, resampling.level) if small else resampling
    row: dict[str, str | int | bool | float] = {
        **names,
        "faces": len(group),
        "identities": group.identities,
        "small": small,
    }
    for name, measured in estimate(group, drawn, GROUP_METRICS).items():
        row |= _columns(name, measured)
    return row


def _columns(name: str, measured: Estimate) -> dict[str, float]:
    return {
        name: measured.value,
        f"{name}_low": measured.low,
        f"{name}_high": measured.high,
    }
