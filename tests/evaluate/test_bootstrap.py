"""Intervals: right width, right coverage, drawn over people."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from agegender.evaluate import bootstrap
from agegender.evaluate.answers import pair
from agegender.evaluate.bootstrap import (
    Resampling,
    estimate,
    person_sums,
    resampled_sums,
)
from agegender.evaluate.intervals import bca_interval, interval, widened

Draw = Callable[..., Any]


def means(values: np.ndarray, people: np.ndarray, **options: int) -> np.ndarray:
    columns = np.column_stack([values, np.ones(len(values))])
    sums = resampled_sums(columns, people, options.get("resamples", 1000), seed=3)
    return sums[:, 0] / sums[:, 1]


def test_sums_by_person_are_those_of_a_group_by() -> None:
    columns = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    people = np.array([7, 3, 7])
    assert person_sums(columns, people).tolist() == [[2.0, 20.0], [5.0, 50.0]]


def test_spread_of_resampled_means_is_the_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=400)
    spread = means(values, np.arange(400), resamples=4000).std()
    assert spread == pytest.approx(stats.sem(values), rel=0.05)


def test_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=300)
    low, high = interval(means(values, np.arange(300), resamples=4000), 0.95)
    other = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=5
    ).confidence_interval
    width = other.high - other.low
    assert low == pytest.approx(other.low, abs=0.06 * width)
    assert high == pytest.approx(other.high, abs=0.06 * width)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(200):
        draws = means(rng.normal(5.0, 2.0, 80), np.arange(80), resamples=300)
        low, high = interval(draws, 0.95)
        hits += low <= 5.0 <= high
    # 190 expected; a binomial with 200 draws leaves 179..200 in 1 of 10,000.
    assert 179 <= hits <= 199


def test_repeated_photos_of_one_person_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(4).normal(size=100)
    repeated, people = np.repeat(values, 9), np.repeat(np.arange(100), 9)
    once = means(values, np.arange(100)).std()
    by_person = means(repeated, people).std()
    by_photo = means(repeated, np.arange(900)).std()
    assert by_person == pytest.approx(once, rel=1e-9)
    assert by_photo == pytest.approx(once / 3.0, rel=0.15)


def test_portions_of_draws_do_not_change_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "CELLS", 250)
    draws = means(np.arange(100.0), np.arange(100), resamples=7)
    assert draws.shape == (7,)
    assert len(set(draws)) == 7


def test_same_seed_gives_same_intervals_and_another_does_not(draw: Draw) -> None:
    answers = pair(*draw(100))
    first = estimate(answers, Resampling(200, seed=1))
    assert first["cs_at_5"] == pytest.approx(first["cs_at_5"])
    again = estimate(answers, Resampling(200, seed=1))
    other = estimate(answers, Resampling(200, seed=2))
    assert (again["age_nll"].low, again["age_nll"].high) == (
        first["age_nll"].low,
        first["age_nll"].high,
    )
    assert other["age_nll"].low != first["age_nll"].low


def test_every_value_lies_in_its_interval(draw: Draw) -> None:
    for name, measured in estimate(pair(*draw(400)), Resampling(500)).items():
        assert measured.low < measured.value < measured.high, name


def test_without_draws_there_is_no_interval(draw: Draw) -> None:
    measured = estimate(pair(*draw(10)), Resampling(0))["mean_absolute_error"]
    assert np.isnan(measured.low)
    assert np.isnan(measured.high)
    assert measured.value > 0.0


def test_draws_without_a_value_are_left_out() -> None:
    assert interval(np.array([np.nan, 1.0, 1.0]), 0.95) == (1.0, 1.0)


def test_bca_interval_of_a_skewed_mean_agrees_with_scipy() -> None:
    values = np.random.default_rng(6).lognormal(sigma=1.2, size=60)
    left_out = (values.sum() - values) / 59
    draws = means(values, np.arange(60), resamples=20_000)
    low, high = bca_interval(draws, float(values.mean()), left_out, 0.95)
    other = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=5
    ).confidence_interval
    plain = interval(draws, 0.95)
    width = other.high - other.low
    assert low == pytest.approx(other.low, abs=0.05 * width)
    assert high == pytest.approx(other.high, abs=0.05 * width)
    assert high > plain[1] + 0.05 * width  # the plain one misses the long tail


def test_widened_interval_of_a_mean_is_students() -> None:
    values = np.random.default_rng(8).normal(size=5)
    mean = float(values.mean())
    # As people drawn anew would have it, if there were no end of draws.
    reach = float(stats.norm.ppf(0.95) * values.std() / np.sqrt(5))
    expected = stats.t.interval(0.9, 4, mean, stats.sem(values))
    assert widened(mean, (mean - reach, mean + reach), 0.9, 5) == pytest.approx(
        expected
    )


def test_bca_falls_back_to_quantiles_where_all_draws_are_the_value() -> None:
    assert bca_interval(np.ones(9), 1.0, np.ones(3), 0.95) == (1.0, 1.0)
    assert bca_interval(np.full(9, 2.0), 1.0, np.ones(3), 0.95) == (2.0, 2.0)
    assert np.isnan(bca_interval(np.empty(0), 1.0, np.empty(0), 0.95)).all()


def test_jackknife_in_blocks_tells_what_one_person_at_a_time_tells(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = pair(*draw(1000))
    blocks = estimate(answers, Resampling(500))["root_mean_squared_error"]
    monkeypatch.setattr(bootstrap, "BLOCKS", 1000)
    single = estimate(answers, Resampling(500))["root_mean_squared_error"]
    width = single.high - single.low
    assert blocks.low == pytest.approx(single.low, abs=0.05 * width)
    assert blocks.high == pytest.approx(single.high, abs=0.05 * width)


def test_ranked_measures_are_drawn_by_person_too(draw: Draw) -> None:
    ages, male, labels = draw(200)
    alone = estimate(pair(ages, male, labels), Resampling(400))
    five = np.repeat(np.arange(200), 5)  # five equal photos of each person
    repeated = estimate(
        pair(ages[five], male[five], labels.iloc[five]), Resampling(400)
    )
    for name in ("median_absolute_error", "gender_auc"):
        width = alone[name].high - alone[name].low
        again = repeated[name].high - repeated[name].low
        assert again == pytest.approx(width, rel=0.25), name
