"""Shares of faces and what is built of them: CS@k, age assurance."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.assurance import age_assurance, operating_curve
from agegender.evaluate.baseline import trivial_guess, trivial_values
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.cumulative import cumulative_scores
from agegender.evaluate.shares import shares

Draw = Callable[..., Any]
DRAWS = Resampling(400)


def test_shares_and_their_people_are_counted() -> None:
    part = np.array([[True, True], [False, True], [True, True]])
    whole = np.array([[True, False], [True, False], [False, False]])
    table = shares(part, whole, np.array([5, 5, 6]), DRAWS)
    assert table["faces"].tolist() == [2, 0]
    assert table["people"].tolist() == [1, 0]
    assert table["share"][0] == 0.5
    assert table.loc[1, ["share", "low", "high"]].isna().all()


def test_share_of_none_has_the_exact_interval_of_as_many_people() -> None:
    whole = np.ones((60, 1), dtype=bool)
    people = np.repeat(np.arange(20), 3)
    none = shares(~whole, whole, people, DRAWS).iloc[0]
    # The rule of three: about 3 / 20 at one side, here two-sided.
    assert (none["share"], none["low"]) == (0.0, 0.0)
    assert none["high"] == pytest.approx(1.0 - 0.025 ** (1 / 20))
    everyone = shares(whole, whole, people, DRAWS).iloc[0]
    assert everyone["low"] == pytest.approx(0.025 ** (1 / 20))


def test_too_few_people_for_an_interval_have_a_share() -> None:
    whole = np.ones((30, 1), dtype=bool)
    enough = shares(whole, whole, np.arange(30), DRAWS, fewest=30).iloc[0]
    few = shares(whole, whole, np.arange(30) % 29, DRAWS, fewest=30).iloc[0]
    assert enough[["low", "high"]].notna().all()
    assert few[["low", "high"]].isna().all()
    assert few["share"] == 1.0


def test_interval_of_a_share_is_about_the_binomial_one() -> None:
    part = (np.arange(400) % 4 == 0)[:, np.newaxis]
    got = shares(part, np.ones_like(part), np.arange(400), DRAWS).iloc[0]
    exact = stats.binomtest(100, 400).proportion_ci(0.95, "wilson")
    assert got["low"] == pytest.approx(exact.low, abs=0.01)
    assert got["high"] == pytest.approx(exact.high, abs=0.01)


def test_share_of_half_has_an_interval_around_the_half() -> None:
    part = (np.arange(20) % 2 == 0)[:, np.newaxis]  # a sixth of all draws is as much
    got = shares(part, np.ones_like(part), np.arange(20), Resampling(4000)).iloc[0]
    assert got["low"] + got["high"] == pytest.approx(1.0, abs=0.06)


def test_cumulative_score_at_5_is_the_report_s(draw: Draw) -> None:
    answers = pair(*draw(500))
    guess = trivial_guess(draw(300, seed=9)[2])
    table = cumulative_scores(answers, DRAWS, guess.central_age).set_index("years")
    cs5 = estimate(answers, DRAWS)["cs_at_5"]
    assert table["share"][5] == pytest.approx(cs5.value)
    assert table["low"][5] == pytest.approx(cs5.low)
    assert table["share"].is_monotonic_increasing
    exact = np.mean(np.abs(answers.expected_age - answers.age) <= 0.5)
    assert table["share"][0] == pytest.approx(exact)
    trivial = table["trivial_guess"]
    assert trivial[5] == pytest.approx(trivial_values(guess, answers)["cs_at_5"])
    away = np.abs(answers.age - guess.central_age)
    assert trivial[15] == pytest.approx(np.mean(away <= 15.0))


def at_the_door(certain: Callable[[list[int]], np.ndarray]) -> Answers:
    """Return six faces: ages 15, 17, 12, 18, 40, 30, and what each is taken for."""
    labels = pd.DataFrame(
        {
            "age": [15.0, 17.0, 12.0, 18.0, 40.0, 30.0],
            "gender": [0, 1, 1, 0, 1, -1],
            "identity": list("abcdef"),
        }
    )
    return pair(certain([26, 24, 11, 25, 45, 17]), np.full(6, 0.5), labels)


def test_challenge_25_worked_by_hand(
    certain: Callable[[list[int]], np.ndarray],
) -> None:
    table = age_assurance(at_the_door(certain), DRAWS).set_index(
        ["threshold", "challenge", "gender"]
    )
    row = table.loc[(18, 25, "all")]
    assert row["false_positive"] == pytest.approx(1 / 3)  # 15 taken for 26
    assert row["false_positive_faces"] == 3
    assert row["just_under"] == pytest.approx(1 / 2)  # of 15 and 17
    assert row["true_positive"] == pytest.approx(2 / 3)  # 18 and 40, not 30
    assert table.loc[(18, 25, "female"), "false_positive"] == 1.0
    assert table.loc[(18, 25, "male"), "false_positive"] == 0.0
    assert table.loc[(18, 25, "male"), "true_positive_faces"] == 1
    assert table.loc[(21, 21, "all"), "false_positive_faces"] == 4
    assert table.loc[(21, 21, "all"), "just_under_faces"] == 2  # 17 and 18


def test_few_people_at_the_door_have_no_interval(
    certain: Callable[[list[int]], np.ndarray], draw: Draw
) -> None:
    few = age_assurance(at_the_door(certain), DRAWS)
    assert few.filter(regex="_(low|high)$").isna().all(axis=None)
    many = age_assurance(pair(*draw(3000)), DRAWS)
    everybody = many[many["gender"] == "all"]
    assert (everybody["false_positive_low"] <= everybody["false_positive"]).all()
    assert (everybody["false_positive"] <= everybody["false_positive_high"]).all()


def test_higher_challenge_ages_let_fewer_pass(draw: Draw) -> None:
    curve = operating_curve(pair(*draw(2000)), 18)
    assert curve["false_positive"].is_monotonic_decreasing
    assert curve["true_positive"].is_monotonic_decreasing
    assert curve["true_positive"].iloc[0] > curve["false_positive"].iloc[0]


def test_door_of_unknown_genders_has_no_rows_of_them(draw: Draw) -> None:
    ages, male, labels = draw(50)
    table = age_assurance(pair(ages, male, labels.assign(gender=-1)), DRAWS)
    assert set(table["gender"]) == {"all"}


def test_curve_without_anybody_under_age_is_unknown_there(draw: Draw) -> None:
    ages, male, labels = draw(50)
    curve = operating_curve(pair(ages, male, labels.assign(age=40.0)), 18)
    assert curve["false_positive"].isna().all()
    assert curve["true_positive"].notna().all()
