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

from agegender.config import AGE_BAND_STARTS
from agegender.evaluate.answers import Answers
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.intervals import FEWEST_PEOPLE
from agegender.evaluate.metric import Metric
from agegender.evaluate.metrics import METRICS

ALL = "all"
"""Stands in a key's column where the row joins all groups of that key."""

UNKNOWN = "unknown"
"""Names the group of the faces of which a key is not known."""

AGE_BANDS = ("0-9", "10-19", "20-29", "30-39", "40-59", "60+")

GROUP_METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        name: METRICS[name]
        for name in ("mean_absolute_error", "age_bias", "cs_at_5", "gender_accuracy")
    }
)

_ENDS = ("", "_low", "_high")

OF_GENDER = [
    "gender_faces",
    "gender_small",
    *(f"gender_accuracy{end}" for end in _ENDS),
]
"""Columns of a table of groups that are about known genders."""

TAKEN = frozenset(
    {
        *("age_band", "gender", "faces", "identities", "small", *OF_GENDER),
        *(f"{name}{end}" for name in GROUP_METRICS for end in _ENDS),
        *("age band", "age band, gender"),  # of a table of gaps, what sets apart
    }
)
"""What tables of groups say by themselves: no further key may be called so."""


def group_keys(answers: Answers) -> pd.DataFrame:
    """Say which age band and gender each face belongs to.

    Args:
        answers: n faces; the true labels are read.

    Returns:
        n rows of two categories, `age_band` and `gender`. A gender that is not known
        is `unknown`; where none is, there are no genders to tell apart, and so no
        categories.
    """
    bands = pd.cut(
        answers.age, [*AGE_BAND_STARTS, np.inf], right=False, labels=AGE_BANDS
    )
    return pd.DataFrame({"age_band": bands, "gender": _genders(answers)})


def _genders(answers: Answers) -> pd.Series:
    known = answers.gender_known
    if not known.any():
        return pd.Series(pd.Categorical([None] * len(answers), categories=[]))
    names = np.where(known, np.where(answers.male, "male", "female"), UNKNOWN)
    unknown = [] if known.all() else [UNKNOWN]
    return pd.Series(pd.Categorical(names, categories=["female", "male", *unknown]))


def group_table(
    answers: Answers,
    keys: pd.DataFrame,
    resampling: Resampling,
    *,
    margins: bool = True,
) -> pd.DataFrame:
    """Measure every combination of groups.

    Args:
        answers: n faces.
        keys: n rows of categories, one column a key, as from `group_keys`.
        resampling: How intervals are drawn.
        margins: Whether groups are joined into `all`, key by key, as well.

    Returns:
        One row a combination: the keys (`all` in a margin), `faces`,
        `identities`, `small`, the same of the faces of known gender
        (`gender_faces`, `gender_small`), and for each of `GROUP_METRICS` its name,
        `_low` and `_high`; NaN where no face counts or people are too few for an
        interval. Where no face at all has a known gender there are no columns of it.
    """
    rows = [
        _measured(names, answers.take(chosen), resampling)
        for names, chosen in combinations(keys, [ALL] if margins else [])
    ]
    table = pd.DataFrame(rows)
    return table if answers.gender_known.any() else table.drop(columns=OF_GENDER)


def combinations(
    keys: pd.DataFrame, joined: list[str]
) -> Iterator[tuple[dict[str, str], NDArray[np.bool_]]]:
    """Yield every combination of groups and its faces.

    Args:
        keys: n rows of categories, one column a key.
        joined: What stands for all groups of a key (`ALL`), if that is wanted.

    Yields:
        The group of each key, and which faces are in all of them, bool (n,).
    """
    options = [[*joined, *column.cat.categories] for _, column in keys.items()]
    for names in product(*options):
        chosen = np.ones(len(keys), dtype=np.bool_)
        for (_, column), name in zip(keys.items(), names, strict=True):
            if name != ALL:
                chosen &= (column == name).to_numpy()
        yield dict(zip(keys.columns, names, strict=True)), chosen


def _measured(
    names: dict[str, str], group: Answers, resampling: Resampling
) -> dict[str, str | int | bool | float]:
    known = group.take(group.gender_known)
    measured = estimate(group, resampling, GROUP_METRICS, fewest=FEWEST_PEOPLE)
    row: dict[str, str | int | bool | float] = {
        **names,
        "faces": len(group),
        "identities": group.identities,
        "small": group.identities < FEWEST_PEOPLE,
        "gender_faces": len(known),
        "gender_small": known.identities < FEWEST_PEOPLE,
    }
    for name, got in measured.items():
        row |= {name: got.value, f"{name}_low": got.low, f"{name}_high": got.high}
    return row
