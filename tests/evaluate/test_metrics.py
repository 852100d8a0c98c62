"""Each measure against an independent route to the same number."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from agegender.errors import DataError, ModelError
from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.metrics import METRICS
from agegender.evaluate.ranked import gender_auc, median_absolute_error

Draw = Callable[..., Any]
Certain = Callable[[list[int]], np.ndarray]


def values(answers: Answers) -> dict[str, float]:
    measured = estimate(answers, Resampling(resamples=0))
    return {name: each.value for name, each in measured.items()}


def test_age_errors_agree_with_scikit_learn(draw: Draw) -> None:
    ages, male, labels = draw(500)
    expectation = np.average(
        np.tile(np.arange(101), (500, 1)), axis=1, weights=ages.astype(np.float64)
    )
    got = values(pair(ages, male, labels))
    truth = labels["age"]
    assert got["mean_absolute_error"] == pytest.approx(
        sklearn_metrics.mean_absolute_error(truth, expectation), abs=1e-4
    )
    assert got["root_mean_squared_error"] == pytest.approx(
        sklearn_metrics.root_mean_squared_error(truth, expectation), abs=1e-4
    )
    assert got["age_bias"] == pytest.approx(np.mean(expectation - truth), abs=1e-4)


def test_gender_measures_agree_with_scikit_learn(draw: Draw) -> None:
    ages, male, labels = draw(500)
    got = values(pair(ages, male, labels))
    truth = labels["gender"]
    guess = (male >= 0.5).astype(int)
    assert got["gender_accuracy"] == pytest.approx(
        sklearn_metrics.accuracy_score(truth, guess)
    )
    assert got["gender_balanced_accuracy"] == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(truth, guess)
    )
    assert got["gender_nll"] == pytest.approx(
        sklearn_metrics.log_loss(truth, male.astype(np.float64)), abs=1e-5
    )


def test_age_log_loss_agrees_with_scikit_learn(draw: Draw) -> None:
    # Errors small enough that no probability reaches the floor.
    ages, male, labels = draw(300, noise=2.0)
    mixed = 0.99 * ages.astype(np.float64) + 0.01 / 101
    mixed /= mixed.sum(axis=1, keepdims=True)
    expected = sklearn_metrics.log_loss(
        labels["age"].astype(int), mixed, labels=np.arange(101)
    )
    assert values(pair(mixed, male, labels))["age_nll"] == pytest.approx(expected)


def test_errors_are_those_of_the_age_that_is_told(draw: Draw, certain: Certain) -> None:
    _, _, labels = draw(2)
    labels = labels.assign(age=[20.0, 30.0])
    ages = 0.6 * certain([20, 40]) + 0.4 * certain([30, 30])
    told = {
        "expectation": (4 + 6) / 2,
        "mode": (0 + 10) / 2,
        # 5/6 into year 20, which begins at 19.5; 1/6 into year 40.
        "median": (1 / 3 + 9 + 2 / 3) / 2,
    }
    for point, error in told.items():
        got = values(pair(ages, [0.5, 0.5], labels, point))
        assert got["mean_absolute_error"] == pytest.approx(error, abs=1e-5)


def test_hand_worked_faces(draw: Draw, certain: Certain) -> None:
    _, _, labels = draw(4)
    labels = labels.assign(age=[20.0, 30.0, 40.0, 50.0], gender=[0, 0, 0, 1])
    answers = pair(certain([25, 30, 34, 50]), [0.4, 0.5, 0.1, 0.9], labels)
    got = values(answers)
    assert got["mean_absolute_error"] == pytest.approx((5 + 0 + 6 + 0) / 4)
    assert got["age_bias"] == pytest.approx((5 - 6) / 4)
    assert got["cs_at_5"] == pytest.approx(3 / 4)  # exactly 5 years off still counts
    assert got["gender_accuracy"] == pytest.approx(3 / 4)  # 0.5 counts as male
    assert got["gender_balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)


def test_impossible_truth_costs_much_but_not_infinity(
    draw: Draw, certain: Certain
) -> None:
    _, _, labels = draw(1)
    answers = pair(certain([0]), [1.0], labels.assign(age=80.0, gender=0))
    got = values(answers)
    assert got["age_nll"] == pytest.approx(-np.log(1e-7))
    assert got["gender_nll"] == pytest.approx(-np.log(1e-7))


def test_age_between_two_years_is_of_the_nearer_one(
    draw: Draw, certain: Certain
) -> None:
    _, male, labels = draw(2)
    answers = pair(certain([30, 30]), male, labels.assign(age=[29.6, 30.4]))
    assert values(answers)["age_nll"] == 0.0


def test_balanced_accuracy_is_unknown_where_one_gender_is_absent(draw: Draw) -> None:
    ages, male, labels = draw(20)
    got = values(pair(ages, male, labels.assign(gender=1)))
    assert np.isnan(got["gender_balanced_accuracy"])


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_no_measure_depends_on_the_order_of_faces(
    draw: Draw, seed: int, n: int
) -> None:
    ages, male, labels = draw(n, seed=seed)
    order = np.random.default_rng(seed).permutation(n)
    straight = values(pair(ages, male, labels))
    shuffled = values(pair(ages[order], male[order], labels.iloc[order]))
    assert shuffled == pytest.approx(straight, nan_ok=True)
    assert set(straight) == set(METRICS)
    assert straight["root_mean_squared_error"] >= straight["mean_absolute_error"] - 1e-9


def test_predictions_of_another_length_are_refused(draw: Draw) -> None:
    ages, male, labels = draw(10)
    with pytest.raises(ModelError, match=r"10 faces need .* Received: \(9, 101\)"):
        pair(ages[:9], male[:9], labels)


@pytest.mark.parametrize("bad", [np.nan, 1.5, -0.1])
def test_what_is_no_probability_is_refused(draw: Draw, bad: float) -> None:
    ages, male, labels = draw(10)
    male[3] = bad
    with pytest.raises(ModelError, match="1 of 10 faces"):
        pair(ages, male, labels)


def test_unnormalised_ages_are_refused(draw: Draw) -> None:
    ages, male, labels = draw(10)
    with pytest.raises(ModelError, match="ages summing to 1"):
        pair(ages * 2, male, labels)


def test_negative_probability_of_an_age_is_refused(draw: Draw) -> None:
    ages, male, labels = draw(10)
    ages[0, :2] += (-0.5, 0.5)
    with pytest.raises(ModelError, match="1 of 10 faces"):
        pair(ages, male, labels)


def test_missing_label_is_refused(draw: Draw) -> None:
    ages, male, labels = draw(10)
    with pytest.raises(DataError, match="lack \\['identity'\\]"):
        pair(ages, male, labels.drop(columns="identity"))
    labels.loc[2, "age"] = np.nan
    with pytest.raises(DataError, match="Rows that lack one: 1\\."):
        pair(ages, male, labels)


def test_no_faces_are_refused(draw: Draw) -> None:
    ages, male, labels = draw(1)
    with pytest.raises(DataError, match="no faces to evaluate"):
        pair(ages[:0], male[:0], labels[:0])


def test_median_error_agrees_with_numpy_for_odd_and_even_counts(draw: Draw) -> None:
    for faces in (1, 2, 7, 400):
        answers = pair(*draw(faces))
        expected = np.median(np.abs(answers.age_error))
        got = METRICS["median_absolute_error"].value(answers)
        assert got == pytest.approx(expected), faces


def test_median_of_weighted_faces_is_that_of_repeated_faces(draw: Draw) -> None:
    answers = pair(*draw(60))
    weights = np.random.default_rng(0).integers(0, 4, (20, 60))
    got = median_absolute_error(answers)(weights.astype(float))
    errors = np.abs(answers.age_error)
    expected = [np.median(np.repeat(errors, row)) for row in weights]
    assert got == pytest.approx(expected)


def test_area_under_the_curve_agrees_with_scikit_learn(draw: Draw) -> None:
    ages, male, labels = draw(300)
    tied = male.round(1)  # many equal probabilities
    weights = np.random.default_rng(0).integers(0, 3, (5, 300))
    for guess in (male, tied):
        answers = pair(ages, guess, labels)
        expected = sklearn_metrics.roc_auc_score(labels["gender"], guess)
        assert METRICS["gender_auc"].value(answers) == pytest.approx(expected)
        weighted = [
            sklearn_metrics.roc_auc_score(labels["gender"], guess, sample_weight=row)
            for row in weights
        ]
        assert gender_auc(answers)(weights.astype(float)) == pytest.approx(weighted)
