"""Worst and best groups, against scikit-learn and by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error

from agegender.evaluate.answers import pair
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.gaps import group_gaps

Draw = Callable[..., Any]
QUICK = Resampling(200)


def gaps(draw: Draw, name: str, n: int = 1500, **further: Any) -> pd.DataFrame:
    ages, male, labels = draw(n)
    answers = pair(ages, male, labels)
    columns = pd.DataFrame({k: pd.Categorical(v) for k, v in further.items()})
    columns = columns.reindex(labels.index)
    return group_gaps(answers, columns, name, QUICK).set_index("by")


def test_gap_of_genders_is_that_of_scikit_learn(draw: Draw) -> None:
    ages, male, labels = draw(1500)
    guess = ages @ np.arange(101)
    errors = [
        mean_absolute_error(labels["age"][one], guess[one])
        for one in (labels["gender"] == 0, labels["gender"] == 1)
    ]
    row = gaps(draw, "mean_absolute_error").loc["gender"]
    assert row["gap"] == pytest.approx(abs(errors[0] - errors[1]), abs=1e-4)
    assert (row["at_worst"], row["at_best"]) == pytest.approx(
        (max(errors), min(errors)), abs=1e-4
    )
    assert row["worst"] == ("female", "male")[int(np.argmax(errors))]
    assert row["gap_low"] <= row["gap"] <= row["gap_high"]

    right = [
        accuracy_score(labels["gender"][one], male[one] >= 0.5)
        for one in (labels["gender"] == 0, labels["gender"] == 1)
    ]
    row = gaps(draw, "gender_accuracy").loc["gender"]
    assert row["worst"] == ("female", "male")[int(np.argmin(right))]
    assert row["gap"] == pytest.approx(abs(right[0] - right[1]))


def test_group_that_is_served_worse_is_found_with_its_interval(draw: Draw) -> None:
    ages, male, labels = draw(2000)
    race = np.where(np.arange(2000) % 4 == 0, "a", "b")
    ages[race == "a"] = np.roll(ages[race == "a"], 8, axis=1)  # eight years too old
    further = pd.DataFrame({"race": pd.Categorical(race)})

    table = group_gaps(pair(ages, male, labels), further, "mean_absolute_error", QUICK)

    row = table.set_index("by").loc["race"]
    assert (row["worst"], row["best"]) == ("a", "b")
    assert 3.0 < row["gap_low"] < row["gap"] < row["gap_high"] < 8.0


def test_few_people_are_compared_with_nobody(draw: Draw) -> None:
    assert gaps(draw, "mean_absolute_error", n=40).empty
    race = np.where(np.arange(100) < 20, "a", "b")
    assert "race" not in gaps(draw, "mean_absolute_error", n=100, race=race).index
    photos = pair(*draw(600, people=29))
    assert group_gaps(photos, pd.DataFrame(), "mean_absolute_error", QUICK).empty
