"""Groups add up, agree with a plain group-by, and do not mislead when small."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame

from agegender.evaluate.answers import pair
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.groups import ALL, group_keys, group_table

Draw = Callable[..., Any]

QUICK = Resampling(100)


def table(
    draw: Draw, n: int = 600, **options: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    ages, male, labels = draw(n, **options)
    answers = pair(ages, male, labels)
    faces = labels.assign(
        guess=answers.guessed_age,
        error=np.abs(answers.guessed_age - labels["age"]),
        right=answers.gender_is_right,
        decade=labels["age"] // 10,
    )
    return group_table(answers, group_keys(answers), QUICK), faces


def pick(groups: pd.DataFrame, band: str, gender: str) -> pd.Series:
    chosen = (groups["age_band"] == band) & (groups["gender"] == gender)
    assert chosen.sum() == 1
    return groups[chosen].iloc[0]


def test_groups_agree_with_a_plain_group_by(draw: Draw) -> None:
    groups, faces = table(draw)
    men_in_their_twenties = faces[(faces["decade"] == 2) & (faces["gender"] == 1)]
    row = pick(groups, "20-29", "male")
    assert row["faces"] == len(men_in_their_twenties)
    assert row["mean_absolute_error"] == pytest.approx(
        men_in_their_twenties["error"].mean()
    )
    assert row["gender_accuracy"] == pytest.approx(
        men_in_their_twenties["right"].mean()
    )


def test_groups_agree_with_fairlearn(draw: Draw) -> None:
    groups, faces = table(draw)
    frame = MetricFrame(
        metrics={"error": lambda truth, guess: np.abs(truth - guess).mean()},
        y_true=faces["age"],
        y_pred=faces["guess"],
        sensitive_features=pd.cut(
            faces["age"], [0, 10, 20, 30, 40, 60, 101], right=False
        ).astype(str),
        control_features=faces["gender"].map({0: "female", 1: "male"}),
    )
    for (gender, band), expected in frame.by_group["error"].items():
        first = band.strip("[)").split(",")[0]
        ours = groups[
            (groups["gender"] == gender) & groups["age_band"].str.match(rf"{first}[-+]")
        ]["mean_absolute_error"]
        assert ours.tolist() == pytest.approx([expected], abs=1e-5)
    assert len(frame.by_group) == 12


def test_groups_and_margins_add_up(draw: Draw) -> None:
    groups, _ = table(draw)
    cells = groups[(groups["age_band"] != ALL) & (groups["gender"] != ALL)]
    assert len(cells) == 12
    assert cells["faces"].sum() == pick(groups, ALL, ALL)["faces"] == 600
    for band, faces in cells.groupby("age_band")["faces"].sum().items():
        assert pick(groups, str(band), ALL)["faces"] == faces


def test_every_age_falls_into_its_band(draw: Draw) -> None:
    ages, male, labels = draw(8)
    truth = [0.0, 9.0, 9.9, 10.0, 19.0, 39.0, 59.0, 60.0]
    keys = group_keys(pair(ages, male, labels.assign(age=truth)))
    expected = ["0-9", "0-9", "0-9", "10-19", "10-19", "30-39", "40-59", "60+"]
    assert keys["age_band"].tolist() == expected


def test_group_of_few_people_is_flagged_and_has_no_interval(draw: Draw) -> None:
    groups, _ = table(draw)
    small = groups[groups["small"]]
    assert not small.empty
    assert (small["identities"] < 30).all()
    assert small["mean_absolute_error_low"].isna().all()
    large = groups[~groups["small"]]
    assert large["mean_absolute_error_low"].notna().all()


def test_group_that_is_always_told_right_is_not_certain_to_be(draw: Draw) -> None:
    ages, _, labels = draw(200, people=80)
    answers = pair(ages, labels["gender"], labels)
    row = pick(group_table(answers, group_keys(answers), QUICK), ALL, ALL)
    people = labels["identity"].nunique()
    # Were each of them told right with this probability, one set of so many in forty
    # would hold no error either.
    assert row["gender_accuracy_low"] == pytest.approx(0.025 ** (1 / people))
    assert row["gender_accuracy"] == row["gender_accuracy_high"] == 1.0


def test_many_photos_of_few_people_are_still_few_people(draw: Draw) -> None:
    groups, _ = table(draw, people=20)
    assert pick(groups, ALL, ALL)["faces"] == 600
    assert groups["small"].all()


def test_empty_group_is_kept_without_figures(draw: Draw) -> None:
    ages, male, labels = draw(50)
    answers = pair(ages, male, labels.assign(age=30.0))
    groups = group_table(answers, group_keys(answers), QUICK)
    row = pick(groups, "60+", ALL)
    assert row["faces"] == 0
    assert np.isnan(row["mean_absolute_error"])


def test_any_further_key_makes_groups(draw: Draw) -> None:
    ages, male, labels = draw(90)
    answers = pair(ages, male, labels)
    race = pd.Categorical(["a", "b", "c"] * 30)
    groups = group_table(answers, pd.DataFrame({"race": race}), QUICK)
    assert groups["race"].tolist() == [ALL, "a", "b", "c"]
    assert groups["faces"].tolist() == [90, 30, 30, 30]
