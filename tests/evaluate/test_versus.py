"""Two models on the same faces, by hand and by the verdict."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from agegender.evaluate.answers import pair
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.versus import versus

Draw = Callable[..., Any]


def test_difference_is_counted_by_hand_and_judged_in_words(draw: Draw) -> None:
    good, bad = draw(800, noise=3.0), draw(800, noise=9.0)
    labels = good[2]
    assert labels.equals(bad[2].assign(**labels))  # the same faces
    mine, theirs = pair(*good), pair(bad[0], good[1], labels)

    section = versus(mine, theirs, "models:/agegender/1", Resampling(4000))

    (row,) = section.table.to_dict(orient="records")
    truth, years = labels["age"].to_numpy(), np.arange(101)
    errors = [np.abs(ages @ years - truth) for ages in (good[0], bad[0])]
    less = (errors[0] - errors[1]).mean()
    assert row["mean_absolute_error"] == pytest.approx(less, abs=1e-4)
    ends = stats.ttest_rel(*errors).confidence_interval(0.95)
    assert row["mean_absolute_error_low"] == pytest.approx(ends.low, abs=0.03)
    assert row["mean_absolute_error_high"] == pytest.approx(ends.high, abs=0.03)
    assert row["gender_accuracy"] == 0.0
    assert section.says.startswith("Surely better: mean absolute error is better by")
    assert row["surely_better"] is True

    other_way = versus(theirs, mine, "the good one", Resampling(500))
    assert other_way.says.startswith("Not surely better: mean absolute error is worse")
    assert not other_way.table["surely_better"].any()


def test_one_person_is_compared_without_a_verdict(draw: Draw) -> None:
    good, bad = draw(40, people=1, noise=1.0), draw(40, people=1, noise=9.0)
    mine, theirs = pair(*good), pair(bad[0], good[1], good[2])
    section = versus(mine, theirs, "the bad one", Resampling(100))
    assert section.says.startswith("Not surely better: mean absolute error differs by")
    assert section.table.filter(regex="_(low|high)$").isna().all(axis=None)
