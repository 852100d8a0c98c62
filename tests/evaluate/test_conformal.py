"""Temperatures and intervals, fitted on some faces and tried on others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.calibrate import fit_calibration
from agegender.evaluate.coverage import interval_coverage
from agegender.model.calibration import Calibration

Draw = Callable[..., Any]


def believed(n: int, *, claimed: float) -> Answers:
    """Draw ages 6 years around centres that a model knows, but not how widely."""
    rng = np.random.default_rng(0)
    centre = rng.uniform(0, 90, n)
    age = np.clip(np.rint(centre + rng.normal(0, 6, n)), 0, 100)
    ages = np.exp(-0.5 * ((np.arange(101) - centre[:, None]) / claimed) ** 2)
    gender = rng.integers(0, 2, n)
    logit = 3.0 * (gender - 0.5) + rng.normal(0, 1.0, n)
    labels = pd.DataFrame(
        {"age": age, "gender": gender, "identity": np.arange(n).astype(str)}
    )
    return pair(ages / ages.sum(1, keepdims=True), 1 / (1 + np.exp(-logit)), labels)


def corrected(answers: Answers, fitted: Calibration) -> Answers:
    labels = pd.DataFrame(
        {
            "age": answers.age,
            "gender": answers.male.astype(int),
            "identity": answers.identity,
        }
    )
    return pair(
        fitted.of_ages(answers.age_probabilities),
        fitted.of_genders(answers.male_probability),
        labels,
    )


def split(answers: Answers, seed: int) -> tuple[Answers, Answers]:
    first = np.random.default_rng(seed).permutation(len(answers)) < len(answers) // 2
    return answers.take(first), answers.take(~first)


@pytest.mark.parametrize("claimed", [2.0, 6.0, 15.0])
def test_intervals_hold_what_they_promise_on_20_random_splits(claimed: float) -> None:
    everybody = believed(2400, claimed=claimed)
    held = {0.8: [], 0.9: []}
    for seed in range(20):
        ours, others = split(everybody, seed)
        fitted = fit_calibration(ours)
        tried = corrected(others, fitted)
        for level, shares in held.items():
            low, high = fitted.age_interval(tried.age_probabilities, level)
            shares.append(np.mean((low <= tried.age) & (tried.age <= high)))
    for level, shares in held.items():
        # Six bands of some 200 faces are fitted: each adds the beta spread of its own
        # rank, about as much as the 1,200 faces it is tried on add.
        spread = np.sqrt(2.0 * level * (1.0 - level) / 1200)
        assert np.mean(shares) >= level - 2.0 * spread / np.sqrt(20)
        assert np.mean(shares) <= level + 0.03  # and not by spanning everything
        assert min(shares) >= level - 3.5 * spread


def test_spans_are_ranked_as_if_there_were_one_more_face() -> None:
    # Even over all ages, and a third of a year and k years beyond their middle.
    needed = 2.0 * (np.arange(50) + 0.3) / 101
    labels = pd.DataFrame(
        {"age": 50.3 + np.arange(50), "gender": 0, "identity": np.arange(50)}
    )
    answers = pair(np.full((50, 101), 1 / 101), np.full(50, 0.5), labels)
    fitted = fit_calibration(answers)
    spans = dict(zip(fitted.levels, fitted.spans[0], strict=True))
    assert spans[0.5] == pytest.approx(needed[25], abs=1e-5)  # of 51 / 2, the 26th
    assert spans[0.9] == pytest.approx(needed[45], abs=1e-5)  # of 45.9, the 46th
    assert spans[0.99] == 1.0  # the 51st of 50


def test_each_band_of_guessed_ages_holds_its_promise() -> None:
    rng = np.random.default_rng(5)
    centre = rng.uniform(0, 90, 12_000)
    # The model errs twice as much on the old and knows nothing of it.
    width = np.where(centre >= 60, 10.0, 3.0)
    age = np.clip(np.rint(centre + rng.normal(0, width)), 0, 100)
    ages = np.exp(-0.5 * ((np.arange(101) - centre[:, None]) / 5.0) ** 2)
    labels = pd.DataFrame({"age": age, "gender": 0, "identity": np.arange(12_000)})
    answers = pair(ages / ages.sum(1, keepdims=True), np.full(12_000, 0.5), labels)
    ours, others = split(answers, 0)
    fitted = fit_calibration(ours)
    table = interval_coverage(corrected(others, fitted), fitted, Resampling(0))
    bands = table[(table["by"] == "guessed age") & (table["level"] == 0.9)]
    assert len(bands) == 6
    for _, row in bands.iterrows():
        allowed = stats.binom.ppf([0.0005, 0.9995], int(row["faces"]), 0.9)
        # The fit has as much chance in it as the trial: twice the variance.
        low, high = 0.9 + (allowed / row["faces"] - 0.9) * np.sqrt(2)
        assert low <= row["share"] <= high + 0.02, row["group"]
    old = bands.set_index("group").loc["60+", "width"]
    assert old > 2 * bands.set_index("group").loc["20-29", "width"]


def test_temperature_is_that_of_the_least_log_loss() -> None:
    answers = believed(1000, claimed=2.0)
    logs = np.log(np.maximum(answers.age_probabilities, 1e-38))
    truth = answers.age.astype(int)

    def loss(temperature: float) -> float:
        p = np.exp(logs / temperature)
        p /= p.sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(1000), truth]).mean()

    found = optimize.brute(loss, [(0.5, 15.0)], Ns=2000)[0]
    fitted = fit_calibration(answers)
    assert fitted.age_temperature == pytest.approx(found, rel=0.01)
    assert fitted.age_temperature > 4.0  # claimed 2, true 6: a variance nine times


def test_gender_temperature_mends_overconfidence() -> None:
    answers = believed(4000, claimed=6.0)
    logit = np.log(answers.male_probability / (1 - answers.male_probability))
    # By construction the true log odds are three times what is claimed.
    fitted = fit_calibration(answers)
    assert fitted.gender_temperature == pytest.approx(1 / 3, rel=0.12)
    mended = fitted.of_genders(answers.male_probability)
    expected = 1 / (1 + np.exp(-logit / fitted.gender_temperature))
    assert mended == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("faces", [50, 200])
def test_few_faces_that_are_all_told_right_make_no_answer_certain(faces: int) -> None:
    gender = np.arange(faces) % 2
    labels = pd.DataFrame(
        {"age": 30.0 + gender, "gender": gender, "identity": np.arange(faces)}
    )
    ages = np.zeros((faces, 101))
    ages[np.arange(faces), 30 + gender], ages[:, 90] = 0.9, 0.1
    answers = pair(ages, np.where(gender == 1, 0.9, 0.1), labels)
    fitted = fit_calibration(answers)
    for heat, told in (
        (fitted.age_temperature, fitted.of_ages(answers.age_probabilities).max()),
        (fitted.gender_temperature, fitted.of_genders(answers.male_probability).max()),
    ):
        assert 0.25 < heat < 0.6
        assert 0.97 < told < 0.9999


def test_few_faces_are_not_fitted_at_all(draw: Draw) -> None:
    assert fit_calibration(pair(*draw(49))) == Calibration()


def test_unknown_genders_leave_their_probability_alone(draw: Draw) -> None:
    ages, male, labels = draw(200)
    fitted = fit_calibration(pair(ages, male, labels.assign(gender=-1)))
    assert fitted.gender_temperature == 1.0
    assert fitted.has_intervals


def test_few_faces_of_a_band_take_the_spans_of_all(draw: Draw) -> None:
    ages, male, labels = draw(99)
    fitted = fit_calibration(pair(ages, male, labels))
    assert len(set(fitted.spans)) == 1


def test_coverage_is_counted_by_hand(
    certain: Callable[[list[int]], np.ndarray],
) -> None:
    labels = pd.DataFrame(
        {
            "age": [30.0, 40.0, 5.0, 70.0],
            "gender": [0, 0, 1, -1],
            "identity": list("abcd"),
        }
    )
    answers = pair(certain([30, 39, 5, 70]), np.full(4, 0.5), labels)
    table = interval_coverage(answers, Calibration(), Resampling(50), levels=[0.8])
    shares = table.set_index(["by", "group"])["share"]
    assert shares["all", "all"] == 0.75
    assert shares["guessed age", "30-39"] == 0.5
    assert shares["true age", "40-59"] == 0.0
    assert shares["gender", "female"] == 0.5
    assert shares["gender", "unknown"] == 1.0
    assert ("true age", "10-19") not in shares.index  # nobody there
    assert table["width"].to_numpy() == pytest.approx(0.8, abs=1e-4)
    assert table[["low", "high"]].isna().all(axis=None)  # four people are few
