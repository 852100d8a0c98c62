from typing import get_args

import keras
import numpy as np
import pytest

from agegender.config import Point
from agegender.model.ages import age_quantile, expected_age, point_age
from agegender.model.metrics import told_age


def certain(age: int) -> np.ndarray:
    return np.eye(101, dtype=np.float32)[[age]]


def test_expected_age_is_the_mean() -> None:
    halves = (certain(20) + certain(41)) / 2
    np.testing.assert_allclose(expected_age(halves), [30.5])


def test_point_ages_of_a_lopsided_distribution() -> None:
    lopsided = 0.4 * certain(20) + 0.3 * certain(30) + 0.3 * certain(60)
    assert point_age(lopsided, "expectation")[0] == pytest.approx(0.4 * 20 + 0.3 * 90)
    # A third of year 30's mass, spread over 29.5 to 30.5, makes the half full.
    assert point_age(lopsided, "median")[0] == pytest.approx(29.5 + 1 / 3)
    assert point_age(lopsided, "mode").tolist() == [20.0]


def test_mode_is_the_youngest_of_equally_likely_years() -> None:
    assert point_age((certain(41) + certain(7)) / 2, "mode").tolist() == [7.0]


@pytest.mark.parametrize("seed", range(5))
def test_points_are_where_their_errors_are_least(seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(101, 0.3), 1)
    # Each year as a hundred points of equal mass, and every guess tried.
    points = (np.arange(101)[:, None] + (np.arange(100) + 0.5) / 100 - 0.5).ravel()
    masses = np.repeat(p[0] / 100, 100)
    guesses = np.arange(0, 100, 0.05)
    away = np.abs(guesses[:, None] - points)
    absolute, squared = guesses[[(away @ masses).argmin(), (away**2 @ masses).argmin()]]
    assert point_age(p, "median")[0] == pytest.approx(absolute, abs=0.06)
    assert point_age(p, "expectation")[0] == pytest.approx(squared, abs=0.06)
    likeliest = max(range(101), key=lambda year: p[0, year])
    assert point_age(p, "mode")[0] == likeliest


@pytest.mark.parametrize("point", get_args(Point))
def test_training_measures_the_same_age_as_prediction_tells(point: Point) -> None:
    draws = np.random.default_rng(0).dirichlet(np.full(101, 0.3), 50)
    ends = np.concatenate([certain(0), certain(100), (certain(0) + certain(1)) / 2])
    p = np.concatenate([draws, ends]).astype(np.float32)
    found = keras.ops.convert_to_numpy(told_age(p, point))
    np.testing.assert_allclose(found, point_age(p, point), atol=2e-3)


def test_even_distribution_has_even_quantiles() -> None:
    even = np.full((1, 101), 1 / 101, np.float32)
    low, high = age_quantile(even, 0.25), age_quantile(even, 0.75)
    np.testing.assert_allclose([low[0], high[0]], [24.75, 75.25], atol=1e-3)


def test_every_distribution_may_have_a_level_of_its_own() -> None:
    even = np.full((2, 101), 1 / 101, np.float32)
    got = age_quantile(even, np.array([0.25, 0.75]))
    np.testing.assert_allclose(got, [24.75, 75.25], atol=1e-3)


def test_no_faces_have_no_ages() -> None:
    none = np.empty((0, 101), np.float32)
    assert expected_age(none).shape == (0,)
    assert age_quantile(none, 0.5).shape == (0,)
