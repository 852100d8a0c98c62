"""Each check of the gate: what it lets pass and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

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


def test_guess_has_to_be_beaten_as_surely_as_the_gate_says(draw: Draw) -> None:
    answers = pair(*draw(200))
    guess = np.abs(answers.age_error).mean() + 0.2
    assert check_guess(answers, guess, GateConfig(confidence=0.6)).passed
    check = check_guess(answers, guess, GateConfig(confidence=0.99))
    assert not check.passed
    assert check.got.startswith(f"{guess - 0.2:.2f} [")
    assert not check_guess(answers, guess - 0.2, GateConfig(confidence=0.5)).passed


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


def _wrong_for_old_women(answers: Answers) -> Answers:
    """Have old women guessed twenty years younger."""
    chosen = (answers.age >= 60) & ~answers.male
    ages = answers.age_probabilities.copy()
    ages[chosen] = np.roll(ages[chosen], -20, axis=1)
    return replace(answers, age_probabilities=ages)
