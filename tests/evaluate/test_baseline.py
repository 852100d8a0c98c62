"""The trivial guess is the best constant, learnt from training labels alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from agegender.config import Point
from agegender.errors import DataError
from agegender.evaluate.answers import pair
from agegender.evaluate.baseline import trivial_guess, trivial_values

Draw = Callable[..., Any]


def trivial(draw: Draw) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    ages, male, labels = draw(300, seed=1)
    _, _, train = draw(1000, seed=2)
    train = train.assign(gender=(np.arange(1000) % 3 == 0).astype(int))
    return trivial_values(trivial_guess(train), pair(ages, male, labels)), labels, train


def test_constants_agree_with_scikit_learn_dummies(draw: Draw) -> None:
    got, labels, train = trivial(draw)
    nothing, none = np.zeros((1000, 1)), np.zeros((300, 1))
    median = DummyRegressor(strategy="median").fit(nothing, train["age"]).predict(none)
    mean = DummyRegressor(strategy="mean").fit(nothing, train["age"]).predict(none)
    gender = DummyClassifier().fit(nothing, train["gender"]).predict(none)
    age, bias = labels["age"], mean - labels["age"]
    assert got["mean_absolute_error"] == pytest.approx(np.abs(median - age).mean())
    assert got["root_mean_squared_error"] == pytest.approx(np.sqrt((bias**2).mean()))
    assert got["age_bias"] == pytest.approx(bias.mean())
    assert got["gender_accuracy"] == pytest.approx((gender == labels["gender"]).mean())
    assert got["gender_balanced_accuracy"] == pytest.approx(0.5)


def test_no_constant_covers_more_training_faces_within_five_years(draw: Draw) -> None:
    _, _, train = draw(500, seed=3)
    age = train["age"].to_numpy()
    covered = [(np.abs(age - guess) <= 5).mean() for guess in range(101)]
    best = trivial_guess(train).central_age
    assert (np.abs(age - best) <= 5).mean() == max(covered)


def test_age_log_loss_is_that_of_the_smoothed_histogram(draw: Draw) -> None:
    got, labels, train = trivial(draw)
    counts = train["age"].astype(int).value_counts()
    frequency = (labels["age"].astype(int).map(counts).fillna(0) + 1) / (1000 + 101)
    assert got["age_nll"] == pytest.approx(-np.log(frequency).mean())


def test_gender_log_loss_is_that_of_the_base_rate(draw: Draw) -> None:
    got, labels, _ = trivial(draw)
    share = (334 + 1) / (1000 + 2)
    given = np.where(labels["gender"] == 1, share, 1 - share)
    assert got["gender_nll"] == pytest.approx(-np.log(given).mean())


def test_fractional_and_extreme_medians_are_answered_exactly(draw: Draw) -> None:
    ages, male, labels = draw(2)
    truth = pair(ages, male, labels.assign(age=[100.0, 99.0]))
    for train_ages, expected in (([100.0, 100.0], 0.5), ([98.0, 99.0], 1.0)):
        train = labels.assign(age=train_ages)
        values = trivial_values(trivial_guess(train), truth)
        assert values["mean_absolute_error"] == pytest.approx(expected)


@pytest.mark.parametrize("point", ["median", "mode"])
def test_guess_is_its_constant_whichever_age_the_model_tells(
    draw: Draw, point: Point
) -> None:
    ages, male, labels = draw(200)
    train = labels.assign(age=[30.4, 30.4, 40.0, 20.0] * 50)
    truth = pair(ages, male, labels, point)
    got = trivial_values(trivial_guess(train), truth)
    away = 30.4 - labels["age"]
    assert got["mean_absolute_error"] == pytest.approx(np.abs(away).mean())
    assert got["age_bias"] == pytest.approx((30.2 - labels["age"]).mean())


def test_no_training_faces_are_refused(draw: Draw) -> None:
    _, _, labels = draw(1)
    with pytest.raises(DataError, match="needs training labels"):
        trivial_guess(labels[:0])
