"""Whether intervals hold the true ages as often as they promise, and for whom."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.groups import AGE_BANDS, ALL, group_keys
from agegender.evaluate.intervals import FEWEST_PEOPLE
from agegender.evaluate.shares import shares
from agegender.model.calibration import Calibration, band_of

LEVELS = (0.8, 0.9)


def interval_coverage(
    answers: Answers,
    calibration: Calibration,
    resampling: Resampling,
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """Count how many true ages lie in their intervals.

    Args:
        answers: n faces, ages corrected by the calibration.
        calibration: Which intervals are drawn.
        resampling: How intervals of the shares are drawn.
        levels: What the intervals promise, shares of faces, 0..1.

    Returns:
        One row a level and group that has faces: `level`, `by` (`all`, `guessed age`,
        `true age`, `gender`), `group`, `faces`, `people`, `share` (0..1) with `low`
        and `high` (NaN below 30 people), and `width` (mean, in years).
    """
    groups = _groups(answers)
    inside = np.stack([chosen for _, _, chosen in groups], axis=1)
    tables = []
    for level in levels:
        low, high = calibration.age_interval(answers.age_probabilities, level)
        held = ((low <= answers.age) & (answers.age <= high))[:, np.newaxis]
        part = np.broadcast_to(held, inside.shape)
        table = shares(part, inside, answers.identity, resampling, FEWEST_PEOPLE)
        width = [float((high - low)[one].mean()) for one in inside.T]
        names = pd.DataFrame(
            [(level, by, group) for by, group, _ in groups],
            columns=["level", "by", "group"],
        )
        tables.append(names.join(table).assign(width=width))
    return pd.concat(tables, ignore_index=True)


def _groups(answers: Answers) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return the groups that have faces: by what, which, and bool (n,)."""
    keys = group_keys(answers)
    bands = np.array(AGE_BANDS)[band_of(answers.expected_age)]
    guessed = pd.Categorical(bands, categories=AGE_BANDS)
    groups = [(ALL, ALL, np.ones(len(answers), dtype=np.bool_))]
    for by, names in (
        ("guessed age", pd.Series(guessed)),
        ("true age", keys["age_band"]),
        ("gender", keys["gender"]),
    ):
        groups += [(by, one, (names == one).to_numpy()) for one in names.cat.categories]
    return [group for group in groups if group[2].any()]
