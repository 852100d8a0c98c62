"""Faces whose gender nobody knows: their ages count, their genders do not."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from agegender.evaluate.answers import pair
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.compare import compare_answers
from agegender.evaluate.figures import face_grid, training_curves
from agegender.evaluate.groups import ALL, UNKNOWN, group_keys, group_table
from agegender.evaluate.report import Report, evaluate

Draw = Callable[..., Any]
OF_GENDER = {
    "gender_accuracy",
    "gender_auc",
    "gender_balanced_accuracy",
    "gender_nll",
}


def partly(draw: Draw, n: int = 400, **options: Any) -> Any:
    """Draw faces of which every third has no gender, each as -1."""
    ages, male, labels = draw(n, **options)
    gender = np.where(np.arange(n) % 3 == 0, -1, labels["gender"])
    return ages, male, labels.assign(gender=gender.astype(np.int8))


def reported(draw: Draw, **options: Any) -> Report:
    _, _, train = draw(500, seed=9)
    return evaluate(*partly(draw, **options), train, resamples=200)


def nowhere(draw: Draw) -> Report:
    ages, male, labels = draw(200)
    labels = labels.assign(gender=np.int8(-1))
    return evaluate(ages, male, labels, labels, resamples=50)


def test_ages_count_everywhere_and_genders_where_they_are_known(draw: Draw) -> None:
    ages, male, labels = partly(draw)
    report = evaluate(ages, male, labels, labels, resamples=0)
    got = {name: each.value for name, each in report.metrics.items()}
    known = (labels["gender"] >= 0).to_numpy()
    truth, given = labels["gender"][known], male[known].astype(np.float64)
    guess = (given >= 0.5).astype(int)
    error = ages.astype(np.float64) @ np.arange(101) - labels["age"]
    assert got["mean_absolute_error"] == pytest.approx(np.abs(error).mean())
    assert got["gender_accuracy"] == pytest.approx(
        sklearn_metrics.accuracy_score(truth, guess)
    )
    assert got["gender_balanced_accuracy"] == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(truth, guess)
    )
    assert got["gender_nll"] == pytest.approx(
        sklearn_metrics.log_loss(truth, given), abs=1e-5
    )
    assert got["gender_auc"] == pytest.approx(
        sklearn_metrics.roc_auc_score(truth, given)
    )
    faces = {name: each.faces for name, each in report.metrics.items()}
    assert {faces.pop(name) for name in OF_GENDER} == {266}
    assert set(faces.values()) == {400}


def test_answers_for_unknown_genders_change_no_figure(draw: Draw) -> None:
    ages, male, labels = partly(draw)
    unknown = (labels["gender"] < 0).to_numpy()
    turned = np.where(unknown, 1.0 - male, male)
    first = evaluate(ages, male, labels, labels, resamples=100)
    second = evaluate(ages, turned, labels, labels, resamples=100)
    assert first.to_dict() == second.to_dict()


def test_interval_of_gender_is_as_wide_as_that_of_the_known_alone(draw: Draw) -> None:
    ages, male, labels = partly(draw, n=900)
    known = (labels["gender"] >= 0).to_numpy()
    among_all = estimate(pair(ages, male, labels), Resampling(4000))
    alone = estimate(pair(ages[known], male[known], labels[known]), Resampling(4000))
    one, other = among_all["gender_accuracy"], alone["gender_accuracy"]
    assert one.high - one.low == pytest.approx(other.high - other.low, rel=0.15)
    assert one.value == other.value


def test_genders_that_are_all_right_are_as_sure_as_known_ones_are_many(
    draw: Draw,
) -> None:
    ages, _, labels = partly(draw)
    answers = pair(ages, labels["gender"] == 1, labels)
    got = estimate(answers, Resampling(100))
    assert got["gender_accuracy"].low == pytest.approx(0.025 ** (1 / 266))
    for name in ["gender_balanced_accuracy", "gender_auc"]:
        assert got[name].value == 1.0
        assert np.isnan([got[name].low, got[name].high]).all()


def test_trivial_guess_is_measured_on_known_genders(draw: Draw) -> None:
    report = reported(draw)
    labels, (_, _, train) = partly(draw)[2], draw(500, seed=9)
    majority = train["gender"].mode()[0]
    known = labels["gender"][labels["gender"] >= 0]
    measured = report.metrics["gender_accuracy"].baseline
    assert measured == pytest.approx((known == majority).mean())


def test_training_labels_without_gender_give_no_guess_of_it(draw: Draw) -> None:
    ages, male, labels = draw(60)
    train = labels.assign(gender=-1)
    report = evaluate(ages, male, labels, train, resamples=20)
    for name, measured in report.metrics.items():
        assert np.isnan(measured.baseline) == (name in OF_GENDER), name
    assert report.to_dict()["metrics"]["gender_accuracy"]["baseline"] is None


def test_measures_without_any_known_gender_are_absent_and_named(draw: Draw) -> None:
    report = nowhere(draw)
    assert not OF_GENDER & set(report.metrics)
    assert set(report.not_measured) == OF_GENDER
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert not OF_GENDER & set(data["metrics"])
    assert data["gender_faces"] == 0
    assert data["not_measured"]["gender_nll"] == "no face's gender is known"
    assert not [name for row in data["groups"] for name in row if "gender_" in name]
    text = report.to_text()
    assert "not measured: gender accuracy, gender accuracy, balanced" in text
    assert "gender right" not in text
    assert "nan" not in text


def test_split_of_one_known_gender_lacks_what_needs_both(draw: Draw) -> None:
    ages, male, labels = draw(40)
    labels = labels.assign(gender=np.where(np.arange(40) < 30, 1, -1))
    report = evaluate(ages, male, labels, labels, resamples=20)
    assert set(report.not_measured) == {"gender_auc", "gender_balanced_accuracy"}
    assert "of one gender" in report.not_measured["gender_balanced_accuracy"]


def test_unknown_gender_is_a_group_of_its_own_and_no_womens(draw: Draw) -> None:
    groups, labels = reported(draw).groups, partly(draw)[2]
    margin = groups[groups["age_band"] == ALL].set_index("gender")
    assert margin.index.tolist() == [ALL, "female", "male", UNKNOWN]
    assert margin.loc["female", "faces"] == (labels["gender"] == 0).sum()
    assert margin.loc[UNKNOWN, "faces"] == (labels["gender"] == -1).sum() == 134
    assert margin.loc[UNKNOWN, "gender_faces"] == 0
    assert np.isnan(margin.loc[UNKNOWN, "gender_accuracy"])
    assert margin.loc[ALL, "gender_faces"] == 266


def test_split_of_known_genders_has_no_unknown_group(draw: Draw) -> None:
    answers = pair(*draw(50))
    assert group_keys(answers)["gender"].cat.categories.tolist() == ["female", "male"]


def test_split_without_genders_is_grouped_by_age_alone(draw: Draw) -> None:
    groups = nowhere(draw).groups
    assert groups["gender"].tolist() == [ALL] * 7
    assert groups["faces"].iloc[1:].sum() == groups["faces"].iloc[0] == 200


def test_few_known_genders_in_a_large_group_get_no_interval(draw: Draw) -> None:
    ages, male, labels = draw(100)
    labels = labels.assign(gender=np.where(np.arange(100) < 29, labels["gender"], -1))
    answers = pair(ages, male, labels)
    row = group_table(answers, group_keys(answers), Resampling(50)).iloc[0]
    assert not row["small"]
    assert row["gender_small"]
    assert np.isfinite(row["mean_absolute_error_low"])
    assert np.isfinite(row["gender_accuracy"])
    assert np.isnan(row["gender_accuracy_low"])


def test_text_says_over_how_many_faces_each_figure_is(draw: Draw) -> None:
    lines = reported(draw).to_text().splitlines()
    assert "gender is known of 266 faces" in lines[0]
    assert " 400 |" in next(line for line in lines if "mean absolute" in line)
    assert " 266 |" in next(line for line in lines if "gender log loss" in line)
    assert any("gender known" in line for line in lines)


def test_comparison_takes_genders_where_they_are_known(draw: Draw) -> None:
    worse, male, labels = partly(draw, n=600, noise=9.0)
    better, _, _ = draw(600, noise=4.0)
    known = (labels["gender"] >= 0).to_numpy()
    spoilt = np.where(np.arange(600) < 120, 1.0 - male, male)
    verdict = compare_answers(pair(better, spoilt, labels), pair(worse, male, labels))
    right = (male >= 0.5) == (labels["gender"] == 1)
    spoilt_right = (spoilt >= 0.5) == (labels["gender"] == 1)
    expected = spoilt_right[known].mean() - right[known].mean()
    assert verdict.gender_difference == pytest.approx(expected)
    assert verdict.gender_low < expected < verdict.gender_high
    assert verdict.gender_faces == 400
    assert not verdict.better
    assert "on 400 faces" in verdict.reason


def test_comparison_without_genders_is_by_age_and_says_so(draw: Draw) -> None:
    worse, male, labels = draw(500, noise=9.0)
    better, _, _ = draw(500, noise=4.0)
    labels = labels.assign(gender=-1)
    new, old = pair(better, 1.0 - male, labels), pair(worse, male, labels)
    verdict = compare_answers(new, old)
    assert verdict.better
    assert verdict.reason.endswith("gender was not measured: no face's gender is known")
    data = json.loads(json.dumps(verdict.to_dict(), allow_nan=False))
    assert data["gender_faces"] == 0
    assert "gender_difference" not in data
    assert not compare_answers(old, pair(better, male, labels)).better


def test_face_of_unknown_gender_shows_none_and_is_not_called_wrong(
    draw: Draw,
) -> None:
    _, _, labels = draw(2)
    labels = labels.assign(age=30.0, gender=[-1, 1])
    ages = np.eye(101, dtype=np.float32)[[31, 31]]
    faces = np.zeros((2, 8, 8, 3), np.uint8)
    unknown, known = face_grid(faces, labels, ages, [0.9, 0.9]).axes
    assert unknown.get_title() == "is 30"
    assert known.get_title() == "is 30 male"
    assert unknown.texts[0].get_color() == known.texts[0].get_color()


def test_curves_of_a_training_without_genders_say_so() -> None:
    epochs = pd.DataFrame({"age_loss": [2.0, 1.0], "val_age_mae": [9.0, 8.0]})
    figure = training_curves(epochs)
    assert [text.get_text() for text in figure.axes[3].texts] == ["not measured"]
    assert not figure.axes[0].texts
    figure.draw_without_rendering()
