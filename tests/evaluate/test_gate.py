"""Each check of the gate: what it lets pass and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from agegender.config import GateConfig
from agegender.errors import ConfigError
from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.calibrate import fit_calibration
from agegender.evaluate.compare import compare_answers
from agegender.evaluate.further_keys import further_keys
from agegender.evaluate.gate import (
    check_age,
    check_coverage,
    check_gender,
    check_groups,
    check_guess,
    check_limit,
    table_text,
)
from agegender.model.calibration import Calibration, tempered

Draw = Callable[..., Any]
GATE = GateConfig()
NO_KEYS = pd.DataFrame()
"""Of a store that knows no more of its faces than age and gender."""


def test_better_ages_pass_and_equal_ones_within_the_margin(draw: Draw) -> None:
    worse = pair(*draw(500, noise=9.0))
    better = pair(*draw(500, noise=4.0))
    passed = check_age(compare_answers(better, worse), GATE)
    assert passed.passed
    mean = np.abs(better.age_error).mean() - np.abs(worse.age_error).mean()
    assert passed.got.startswith(f"{mean:+.3f} years")
    same = compare_answers(better, better)
    assert not check_age(same, GATE).passed
    assert check_age(same, GateConfig(age_margin=0.1)).passed


@pytest.mark.parametrize(("people", "enough"), [(1, False), (9, True)])
def test_one_person_makes_no_model_surely_better(
    draw: Draw, people: int, enough: bool
) -> None:
    _, male, labels = draw(90)
    labels = labels.assign(identity=(np.arange(90) % people).astype(str))
    truth = labels["age"].to_numpy(dtype=int)
    better = pair(np.eye(101)[truth], male, labels)
    worse = pair(np.eye(101)[np.where(truth > 50, truth - 9, truth + 9)], male, labels)
    for check in (
        check_age(compare_answers(better, worse), GATE),
        check_guess(better, 9.0, GATE),
    ):
        assert check.passed == enough
        assert ("years on one person" in check.got) != enough
        assert "nan" not in check.got


def test_one_person_of_known_gender_refuses_nobody(draw: Draw) -> None:
    ages, _, labels = draw(100)
    labels = labels.assign(gender=np.where(np.arange(100) < 1, labels["gender"], -1))
    told = labels["gender"] == 1
    right, wrong = (pair(ages, one, labels) for one in (told, ~told))
    check = check_gender(compare_answers(wrong, right), GATE)
    assert check is not None
    assert check.passed
    assert check.got == "-100.0% on one person"


def test_a_loss_that_is_next_to_nothing_has_no_sign(draw: Draw) -> None:
    ages, _, labels = draw(3000)
    told = (labels["gender"] == 1).to_numpy()
    missed = told.copy()
    missed[0] = not missed[0]
    wrong, right = (pair(ages, one, labels) for one in (missed, told))
    check = check_gender(compare_answers(wrong, right), GATE)
    assert check is not None
    assert check.got == "+0.0% (-0.1% to +0.0%) on 3,000 faces"


def test_guess_has_to_be_beaten_as_surely_as_the_gate_says(draw: Draw) -> None:
    answers = pair(*draw(200))
    guess = np.abs(answers.age_error).mean() + 0.2
    assert check_guess(answers, guess, GateConfig(confidence=0.6)).passed
    check = check_guess(answers, guess, GateConfig(confidence=0.99))
    assert not check.passed
    assert check.got.startswith(f"{guess - 0.2:.2f} [")
    assert not check_guess(answers, guess - 0.2, GateConfig(confidence=0.5)).passed


def test_three_people_of_many_errors_do_not_surely_beat_the_guess() -> None:
    answers = _off_by([1, 5, 9])  # Student's 90 % interval of the mean ends at 11.7
    assert not check_guess(answers, 10.0, GATE).passed
    assert check_guess(answers, 13.0, GATE).passed


def test_model_that_is_unfair_to_one_group_is_refused_for_it(draw: Draw) -> None:
    champion = pair(*draw(2000, noise=6.0))
    challenger = _wrong_for_old_women(pair(*draw(2000, noise=3.0)))
    # On the whole it is better: only the group tells.
    assert check_age(compare_answers(challenger, champion), GATE).passed
    check = check_groups(challenger, champion, NO_KEYS, GATE)
    assert not check.passed
    assert "60+, female" in check.got
    chosen = (champion.age >= 60) & ~champion.male
    loss = (np.abs(challenger.age_error) - np.abs(champion.age_error))[chosen].mean()
    assert check.got.startswith(f"{loss:+.2f} years")
    lenient = GateConfig(group_margin=99.0)
    assert check_groups(challenger, champion, NO_KEYS, lenient).passed


def test_model_that_is_unfair_by_what_the_store_knows_is_refused(draw: Draw) -> None:
    champion = pair(*draw(2000, noise=6.0))
    ages, male, labels = draw(2000, noise=3.0)
    race = np.where(np.arange(2000) % 10 == 0, "black", "white")
    ages[race == "black"] = np.roll(ages[race == "black"], 20, axis=1)
    further = further_keys(labels.assign(race=race))
    challenger = pair(ages, male, labels)
    # By age and gender it is better in every group.
    assert check_groups(challenger, champion, NO_KEYS, GATE).passed
    check = check_groups(challenger, champion, further, GATE)
    assert not check.passed
    chosen = race == "black"
    loss = (np.abs(challenger.age_error) - np.abs(champion.age_error))[chosen].mean()
    assert check.got == f"{loss:+.2f} years at race black (200 people)"


def test_model_that_is_fair_passes_for_every_group(draw: Draw) -> None:
    champion, challenger = pair(*draw(2000, noise=6.0)), pair(*draw(2000, noise=3.0))
    assert check_groups(challenger, champion, NO_KEYS, GATE).passed


def test_groups_too_small_to_judge_refuse_nobody(draw: Draw) -> None:
    champion, challenger = pair(*draw(20, noise=3.0)), pair(*draw(20, noise=30.0))
    check = check_groups(challenger, champion, NO_KEYS, GATE)
    assert check.passed
    assert check.got == "no group has 30 people"


@pytest.mark.parametrize(
    ("losers", "years", "confidence", "passed"),
    [
        (1, 60, 0.95, True),  # 2 years worse, by one person of thirty
        (3, 60, 0.95, False),  # of people drawn anew, 4 % hold none of the three
        (3, 60, 0.98, True),
        (17, 2, 0.95, False),  # 1.1 years worse, or by chance 0.8
        (14, 2, 0.95, True),  # surely worse, and within the margin
    ],
)
def test_group_may_lose_what_is_within_the_margin_or_chance(
    losers: int, years: int, confidence: float, passed: bool
) -> None:
    person = np.repeat(np.arange(30), 20)
    champion = _off_by(0 * person, person)
    challenger = _off_by(np.where(person < losers, years, 0), person)
    gate = GateConfig(confidence=confidence)
    assert check_groups(challenger, champion, NO_KEYS, gate).passed == passed


def test_many_photos_of_few_people_are_no_group() -> None:
    person = np.repeat(np.arange(29), 20)
    champion, challenger = _off_by(0 * person, person), _off_by(9 + 0 * person, person)
    check = check_groups(challenger, champion, NO_KEYS, GATE)
    assert check.passed
    assert check.got == "no group has 30 people"


def test_group_that_is_named_is_one_that_did_not_pass() -> None:
    person = np.arange(80)
    man = person < 40
    # Two men lose more on average than all women, but that could be chance.
    errors = np.where(man, np.where(person < 2, 59, 0), 2)
    champion, challenger = (
        _off_by(one, person, np.where(man, 20, 30), man) for one in (0 * person, errors)
    )
    check = check_groups(challenger, champion, NO_KEYS, GATE)
    assert not check.passed
    assert check.got == "+2.00 years at female (40 people)"


def test_gender_may_lose_no_more_than_the_margin(draw: Draw) -> None:
    champion = pair(*draw(1000))
    turned = champion.male_probability.copy()
    turned[:100] = 1.0 - turned[:100]
    comparison = compare_answers(replace(champion, male_probability=turned), champion)
    check = check_gender(comparison, GATE)
    assert check is not None
    assert not check.passed
    lenient = check_gender(comparison, GateConfig(gender_margin=0.2))
    assert lenient is not None
    assert lenient.passed


def test_gender_that_is_surely_worse_is_refused_by_its_loss_alone() -> None:
    champion = _off_by(np.zeros(1000, int))
    wrong = np.arange(1000) < 15  # 1.5 %, or by chance 0.9
    challenger = replace(champion, male_probability=1.0 - wrong)
    check = check_gender(compare_answers(challenger, champion), GATE)
    assert check is not None
    assert not check.passed


def test_intervals_have_to_hold_what_they_promise(draw: Draw) -> None:
    fitted = fit_calibration(pair(*draw(1000, seed=1)))
    ages, male, labels = draw(1000, seed=2)
    answers = pair(fitted.of_ages(ages), fitted.of_genders(male), labels)
    kept = check_coverage(answers, fitted, GATE)
    assert kept.passed
    low, high = fitted.age_interval(answers.age_probabilities, 0.9)
    share = ((low <= answers.age) & (answers.age <= high)).mean()
    assert f"{share:.1%} of 90%" in kept.got
    # Without calibration, the drawn networks are far too sure of themselves.
    assert not check_coverage(pair(ages, male, labels), Calibration(), GATE).passed


@pytest.mark.parametrize("temperature", [0.8, 1.7])
def test_intervals_fitted_to_few_faces_may_be_off_by_chance(
    draw: Draw, temperature: float
) -> None:
    ages, male, labels = draw(1000, seed=2)
    fitted = fit_calibration(pair(*draw(1000, seed=1)))
    answers = pair(fitted.of_ages(ages), fitted.of_genders(male), labels)
    warped = replace(
        answers,
        age_probabilities=tempered(answers.age_probabilities, temperature),
    )
    low, high = fitted.age_interval(warped.age_probabilities, 0.8)
    share = ((low <= warped.age) & (warped.age <= high)).mean()
    assert 0.06 < abs(share - 0.8) < 0.10
    assert not check_coverage(warped, replace(fitted, faces=10**6), GATE).passed
    assert check_coverage(warped, replace(fitted, faces=50), GATE).passed


@pytest.mark.parametrize(
    ("people", "in_80", "in_90", "passed"),
    [
        (1000, 900, 900, False),  # one of both levels is off
        (30, 24, 30, True),  # all of 30 are no more than 90 %, by chance
        (100, 88, 88, True),  # at 95 % off; not where one look of four may be
        (100, 90, 90, False),
    ],
)
def test_intervals_are_off_where_a_level_surely_is(
    people: int, in_80: int, in_90: int, passed: bool
) -> None:
    row = np.arange(people)
    # Even over 0 to 99 years: within 80 %, within 90 % and beyond.
    age = np.where(row < in_80, 50, np.where(row < in_90, 7, 99))
    even = np.tile((np.arange(101) < 100) / 100.0, (people, 1))
    answers = replace(_off_by(0 * row, row, age), age_probabilities=even)
    assert check_coverage(answers, Calibration(), GATE).passed == passed


def test_limits_hold_only_where_they_are_set() -> None:
    assert check_limit("size", 12.0, 0.0, "MB").passed
    assert check_limit("size", 12.0, 12.0, "MB").passed
    assert not check_limit("size", 12.1, 12.0, "MB").passed


def test_table_shows_what_failed() -> None:
    checks = [check_limit("size", 1.0, 0.0, "MB"), check_limit("size", 2.0, 1.0, "MB")]
    lines = table_text(checks).splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("pass")
    assert lines[2].endswith("FAIL")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"confidence": 1.0}, "gate.confidence must be"),
        ({"group_margin": -1.0}, "gate.group_margin must not be negative"),
    ],
)
def test_gate_that_makes_no_sense_is_told(
    settings: dict[str, float], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        GateConfig(**settings)  # type: ignore[arg-type]


def _off_by(
    errors: ArrayLike,
    person: ArrayLike | None = None,
    age: ArrayLike = 30,
    male: ArrayLike = True,
) -> Answers:
    """Answer as surely as can be, too old by whole years; genders are all right."""
    told = np.asarray(errors)
    age, male = np.broadcast_to(age, told.shape), np.broadcast_to(male, told.shape)
    identity = np.arange(len(told)) if person is None else person
    labels = pd.DataFrame(
        {"age": age, "gender": male.astype(int), "identity": identity}
    )
    return pair(np.eye(101)[np.clip(age + told, 0, 100)], male.astype(float), labels)


def _wrong_for_old_women(answers: Answers) -> Answers:
    """Have old women guessed twenty years younger."""
    chosen = (answers.age >= 60) & ~answers.male
    ages = answers.age_probabilities.copy()
    ages[chosen] = np.roll(ages[chosen], -20, axis=1)
    return replace(answers, age_probabilities=ages)
