"""Whether probabilities are seen to mean what they say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agegender.evaluate.abstention import abstention, age_spread
from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.reliability import (
    age_histogram_of_levels,
    expected_calibration_error,
    gender_reliability,
)

Draw = Callable[..., Any]
DRAWS = Resampling(200)


def honest(n: int, *, claimed: float = 6.0) -> Answers:
    """Draw ages 6 years around a centre that the model knows; the width perhaps."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(30, 70, n)
    age = np.clip(np.rint(centre + rng.normal(0, 6, n)), 0, 100)
    ages = np.exp(-0.5 * ((np.arange(101) - centre[:, None]) / claimed) ** 2)
    ages /= ages.sum(axis=1, keepdims=True)
    male = rng.uniform(0, 1, n)
    labels = pd.DataFrame(
        {
            "age": age,
            "gender": (rng.uniform(0, 1, n) < male).astype(int),
            "identity": np.arange(n).astype(str),
        }
    )
    return pair(ages, male, labels)


def test_levels_of_an_honest_model_are_even() -> None:
    density = age_histogram_of_levels(honest(20_000))
    assert density.mean() == pytest.approx(1.0)
    assert density == pytest.approx(np.ones(20), abs=0.12)


def test_too_sure_a_model_heaps_at_the_ends_and_too_doubtful_a_one_inside() -> None:
    sure = age_histogram_of_levels(honest(5000, claimed=2.0))
    doubtful = age_histogram_of_levels(honest(5000, claimed=15.0))
    assert sure[[0, -1]].min() > 3.0
    assert sure[9:11].max() < 0.5
    assert doubtful[[0, -1]].max() < 0.3
    assert doubtful[9:11].min() > 1.5


def test_levels_of_sure_answers_are_spread_where_right_and_at_an_end_where_not(
    certain: Callable[[list[int]], np.ndarray],
) -> None:
    labels = pd.DataFrame({"age": [30.0, 40.0], "gender": 0, "identity": ["a", "b"]})
    answers = pair(certain([30, 50]), [0.1, 0.1], labels)
    # The first fills all levels evenly, the second lies below all.
    assert age_histogram_of_levels(answers, 4) == pytest.approx([2.5, 0.5, 0.5, 0.5])


def test_levels_agree_with_drawing_them_at_random() -> None:
    answers = honest(4000, claimed=3.0)
    rng = np.random.default_rng(1)
    totals = np.cumsum(answers.age_probabilities, axis=1)
    rows, truth = np.arange(4000), answers.age.astype(int)
    mass = answers.age_probabilities[rows, truth]
    drawn = [totals[rows, truth] - rng.uniform(0, 1, 4000) * mass for _ in range(50)]
    expected, _ = np.histogram(np.clip(drawn, 0, 1), 20, (0, 1), density=True)
    assert age_histogram_of_levels(answers) == pytest.approx(expected, abs=0.05)


def test_reliability_counted_by_hand() -> None:
    labels = pd.DataFrame(
        {"age": 30.0, "gender": [1, 0, 1, 1, -1], "identity": list("abcde")}
    )
    ages = np.full((5, 101), 1 / 101)
    answers = pair(ages, [0.72, 0.78, 0.71, 1.0, 0.1], labels)
    table = gender_reliability(answers, DRAWS)
    assert table["faces"].tolist() == [3, 1]  # the unknown one counts nowhere
    assert table["from"].tolist() == pytest.approx([0.7, 0.9])
    assert table["predicted"][0] == pytest.approx((0.72 + 0.78 + 0.71) / 3)
    assert table["share"].tolist() == pytest.approx([2 / 3, 1.0])
    error = 3 / 4 * abs(2.21 / 3 - 2 / 3)
    assert expected_calibration_error(table) == pytest.approx(error)


def test_honest_genders_lie_within_their_intervals() -> None:
    table = gender_reliability(honest(5000), DRAWS)
    assert len(table) == 10
    inside = table["predicted"].between(table["low"], table["high"])
    assert inside.sum() >= 8
    assert expected_calibration_error(table) < 0.03


def test_without_genders_there_is_no_reliability(draw: Draw) -> None:
    ages, male, labels = draw(20)
    table = gender_reliability(pair(ages, male, labels.assign(gender=-1)), DRAWS)
    assert table.empty
    assert np.isnan(expected_calibration_error(table))


def test_spread_is_the_standard_deviation() -> None:
    answers = honest(10)
    years = np.arange(101)
    for row, got in zip(answers.age_probabilities, age_spread(answers), strict=True):
        mean = np.average(years, weights=row)
        assert got == pytest.approx(np.average((years - mean) ** 2, weights=row) ** 0.5)


def test_answering_the_surest_alone_errs_less_where_doubt_is_honest() -> None:
    rng = np.random.default_rng(3)
    n = 2000
    width = rng.uniform(1, 12, n)
    centre = rng.uniform(40, 60, n)
    ages = np.exp(-0.5 * ((np.arange(101) - centre[:, None]) / width[:, None]) ** 2)
    labels = pd.DataFrame(
        {
            "age": np.rint(centre + rng.normal(0, width)).clip(0, 100),
            "gender": rng.integers(0, 2, n),
            "identity": np.arange(n).astype(str),
        }
    )
    truth = labels["gender"].to_numpy()
    male = np.where(rng.uniform(0, 1, n) < 0.9, truth * 0.8 + 0.1, 0.5)
    answers = pair(ages / ages.sum(axis=1, keepdims=True), male, labels)
    table = abstention(answers, DRAWS)
    everybody = table.iloc[0]
    assert everybody["answered"] == 1.0
    assert everybody["faces"] == n
    error = np.abs(answers.age_error).mean()
    assert everybody["mean_absolute_error"] == pytest.approx(error)
    assert table["mean_absolute_error"].is_monotonic_decreasing
    assert table["largest_spread"].is_monotonic_decreasing
    assert table["gender_accuracy"].iloc[-1] == 1.0
    narrowest = np.sort(age_spread(answers))[: round(n * 0.5)]
    assert table.set_index("answered")["largest_spread"][0.5] == narrowest[-1]


def test_abstention_without_genders_speaks_of_ages_alone(draw: Draw) -> None:
    ages, male, labels = draw(30)
    table = abstention(pair(ages, male, labels.assign(gender=-1)), DRAWS)
    assert "gender_accuracy" not in table
    assert len(table) == 10
