"""Better, worse, equal, merely lucky, and better at the cost of gender."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agegender.errors import ModelError
from agegender.evaluate.answers import pair
from agegender.evaluate.compare import Comparison, compare_answers

Draw = Callable[..., Any]


def compare(
    challenger: Any, champion: Any, labels: pd.DataFrame, **options: Any
) -> Comparison:
    new, old = (pair(*answered, labels) for answered in (challenger, champion))
    return compare_answers(new, old, **options)


def test_clearly_better_challenger_wins(draw: Draw) -> None:
    worse, male, labels = draw(500, noise=9.0)
    better, _, _ = draw(500, noise=4.0)
    verdict = compare((better, male), (worse, male), labels)
    assert verdict.better
    assert verdict.high < 0.0
    assert verdict.p_not_better == pytest.approx(1 / 2001)
    assert "better by -" in verdict.reason


def test_clearly_worse_challenger_loses(draw: Draw) -> None:
    worse, male, labels = draw(500, noise=9.0)
    better, _, _ = draw(500, noise=4.0)
    verdict = compare((worse, male), (better, male), labels)
    assert not verdict.better
    assert verdict.p_not_better == 1.0
    assert "worse by +" in verdict.reason


def test_model_is_not_better_than_itself(draw: Draw) -> None:
    ages, male, labels = draw(100)
    verdict = compare((ages, male), (ages, male), labels)
    assert not verdict.better
    assert verdict.difference == verdict.low == verdict.high == 0.0
    assert verdict.p_not_better == 1.0
    assert "same errors" in verdict.reason


def test_each_model_is_judged_by_the_age_that_it_tells(draw: Draw) -> None:
    ages, male, labels = draw(100)
    # Likeliest is the truth; a tenth of each distribution lies at 100 years.
    truth = np.eye(101)[labels["age"].astype(int)]
    ages = 0.9 * truth + 0.1 * np.eye(101)[100]
    verdict = compare_answers(
        pair(ages, male, labels, "mode"), pair(ages, male, labels, "expectation")
    )
    assert verdict.better
    away = 100 - labels["age"].to_numpy()
    assert verdict.difference == pytest.approx(-0.1 * away.mean(), rel=1e-5)


def test_small_lead_could_be_chance(draw: Draw) -> None:
    one, male, labels = draw(60, noise=6.0)
    # Other errors on the same faces, as good on the whole.
    rng = np.random.default_rng(1)
    guess = np.clip(labels["age"].to_numpy() + rng.normal(0.0, 6.0, 60), 0, 100)
    other = np.eye(101)[guess.round().astype(int)]
    first = compare((one, male), (other, male), labels)
    second = compare((other, male), (one, male), labels)
    assert not first.better
    assert not second.better
    assert "chance" in first.reason
    assert first.difference == pytest.approx(-second.difference)


def test_difference_and_interval_agree_with_a_paired_t_interval(draw: Draw) -> None:
    one, male, labels = draw(800, noise=6.0)
    two, _, _ = draw(800, noise=5.5, seed=0)
    verdict = compare((two, male), (one, male), labels, resamples=4000)
    new = np.abs(pair(two, male, labels).age_error)
    old = np.abs(pair(one, male, labels).age_error)
    test = stats.ttest_rel(new, old)
    expected = test.confidence_interval(0.90)
    assert verdict.difference == pytest.approx((new - old).mean())
    width = expected.high - expected.low  # for 95 %, a tenth less or more at each end
    assert verdict.low == pytest.approx(expected.low, abs=0.05 * width)
    assert verdict.high == pytest.approx(expected.high, abs=0.05 * width)


def test_pairing_tells_apart_what_two_separate_intervals_would_not(draw: Draw) -> None:
    old, male, labels = draw(300, noise=8.0)
    # The same guesses drawn 2 % nearer the truth: a tiny, but certain, gain.
    truth = np.eye(101)[labels["age"].astype(int)]
    new = 0.98 * old + 0.02 * truth
    verdict = compare((new, male), (old, male), labels)
    assert verdict.better
    assert -0.3 < verdict.difference < 0.0


def test_lower_age_error_does_not_buy_a_lost_gender_head(draw: Draw) -> None:
    worse, male, labels = draw(500, noise=9.0)
    better, _, _ = draw(500, noise=4.0)
    verdict = compare((better, 1.0 - male), (worse, male), labels)
    assert not verdict.better
    assert "gender accuracy is worse by" in verdict.reason
    assert verdict.gender_high < 0.0


def test_gender_loss_within_the_tolerance_is_forgiven(draw: Draw) -> None:
    worse, male, labels = draw(500, noise=9.0)
    better, _, _ = draw(500, noise=4.0)
    flipped = male.copy()
    right = np.flatnonzero((male >= 0.5) == (labels["gender"] == 1))[:8]
    flipped[right] = 1.0 - flipped[right]
    options = {"challenger": (better, flipped), "champion": (worse, male)}
    assert compare(**options, labels=labels, gender_tolerance=0.02).better
    assert not compare(**options, labels=labels, gender_tolerance=0.01).better


def test_gender_loss_that_could_be_chance_is_forgiven(draw: Draw) -> None:
    worse, _, labels = draw(50, noise=9.0)
    better, _, _ = draw(50, noise=2.0)
    right = labels["gender"].to_numpy(dtype=float)
    once_wrong = np.where(np.arange(50) == 0, 1.0 - right, right)
    verdict = compare((better, once_wrong), (worse, right), labels)
    assert verdict.gender_difference == pytest.approx(-0.02)
    assert verdict.better


def test_resampling_is_over_people(draw: Draw) -> None:
    one, male, labels = draw(60, noise=6.0)
    two, _, _ = draw(60, noise=5.0)
    tenfold = labels.loc[np.repeat(labels.index, 10)]
    few = compare((two, male), (one, male), labels, seed=1)
    many = compare(
        (np.repeat(two, 10, axis=0), np.repeat(male, 10)),
        (np.repeat(one, 10, axis=0), np.repeat(male, 10)),
        tenfold,
        seed=1,
    )
    assert (many.low, many.high) == pytest.approx((few.low, few.high))


def test_one_person_decides_nothing(draw: Draw) -> None:
    worse, male, labels = draw(29, noise=30.0, people=1)
    better = np.eye(101)[labels["age"].astype(int)]
    verdict = compare((better, male), (worse, male), labels)
    assert not verdict.better
    assert "years on one person: it could be chance" in verdict.reason
    assert {"difference", "gender_difference"} <= verdict.to_dict().keys()
    assert not {"low", "high", "gender_low"} & verdict.to_dict().keys()


@pytest.mark.parametrize("people", [2, 5])
def test_equal_models_are_no_surer_to_differ_on_few_people(
    draw: Draw, people: int
) -> None:
    won = 0
    for seed in range(300):
        _, male, labels = draw(people, seed=seed)
        off = np.random.default_rng([seed, people]).normal(0, 6, (2, people))
        told = np.clip(np.rint(labels["age"].to_numpy() + off), 0, 100).astype(int)
        new, old = (pair(np.eye(101)[one], male, labels) for one in told)
        won += compare_answers(new, old, resamples=200).better
    # 15 by chance, and hardly ever 27; not stretched, 27 % and 10 % would be better.
    assert won <= 27


def test_champion_that_answered_other_faces_is_refused(draw: Draw) -> None:
    ages, male, labels = draw(20)
    with pytest.raises(ModelError, match="20 faces need"):
        compare((ages, male), (ages[:10], male[:10]), labels)
