"""The report says the same in every form."""

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agegender.evaluate.metrics import METRICS
from agegender.evaluate.report import Report, evaluate
from agegender.evaluate.tables import NOTHING

Draw = Callable[..., Any]


@pytest.fixture
def report(draw: Draw) -> Report:
    _, _, train = draw(500, seed=9)
    return evaluate(*draw(400, people=200), train, resamples=100)


def test_report_holds_every_measure_with_interval_and_trivial_guess(
    report: Report,
) -> None:
    assert set(report.metrics) == set(METRICS)
    for measured in report.metrics.values():
        assert measured.low <= measured.value <= measured.high
        assert np.isfinite(measured.baseline)


def test_report_counts_people_apart_from_faces(report: Report) -> None:
    assert report.faces == 400
    assert 150 < report.identities <= 200


def test_good_model_beats_the_trivial_guess(report: Report) -> None:
    mae = report.metrics["mean_absolute_error"]
    assert mae.high < mae.baseline
    accuracy = report.metrics["gender_accuracy"]
    assert accuracy.low > accuracy.baseline


def test_report_as_json_keeps_every_figure_and_holds_no_nan(report: Report) -> None:
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    mae = data["metrics"]["mean_absolute_error"]
    assert mae["value"] == report.metrics["mean_absolute_error"].value
    assert mae["unit"] == "years"
    assert len(data["groups"]) == 21
    assert {"faces": 400, "small": False}.items() <= data["groups"][0].items()
    empty_or_small = [row for row in data["groups"] if row["small"]]
    assert empty_or_small
    assert all(row["mean_absolute_error_low"] is None for row in empty_or_small)


def test_json_says_what_the_page_says_and_has_the_calibration_error(
    report: Report,
) -> None:
    data = report.to_dict()
    rows = pd.DataFrame(data["gender_reliability"])
    apart = (rows["predicted"] - rows["share"]).abs()
    error = float((apart * rows["faces"]).sum() / rows["faces"].sum())
    assert data["gender_calibration_error"] == pytest.approx(error)
    assert f"{error:.3f}" in data["says"]["gender_reliability"]
    assert set(data["says"]) == set(report.sections)


def test_text_shows_value_interval_and_trivial_guess_in_one_line(
    report: Report,
) -> None:
    lines = report.to_text().splitlines()
    mae = report.metrics["mean_absolute_error"]
    line = next(each for each in lines if "mean absolute error" in each)
    for figure in (mae.value, mae.low, mae.high, mae.baseline):
        assert f"{figure:.2f}" in line
    assert lines[0] == (
        f"400 faces of {report.identities} people; 95% intervals over people"
    )


def test_columns_of_the_text_tables_line_up(report: Report) -> None:
    for block in report.to_text().split("\n\n")[1:]:
        assert len({len(line) for line in block.strip().splitlines()}) == 1


def test_text_points_out_groups_of_few_people(report: Report) -> None:
    line = next(each for each in report.to_text().splitlines() if "(few)" in each)
    assert NOTHING in line


def test_report_says_when_people_are_too_few(draw: Draw) -> None:
    ages, male, labels = draw(90, people=20)
    report = evaluate(ages, male, labels, labels, resamples=50)
    assert report.heading.endswith("95% intervals over people, too narrow for so few")
    assert all(
        np.isfinite([one.low, one.high]).all() for one in report.metrics.values()
    )


def test_one_person_has_no_interval(draw: Draw) -> None:
    ages, male, labels = draw(90, people=1)
    report = evaluate(ages, male, labels, labels, resamples=50)
    assert all(np.isnan([one.low, one.high]).all() for one in report.metrics.values())
    json.dumps(report.to_dict(), allow_nan=False)


def test_split_of_one_gender_can_be_reported(draw: Draw) -> None:
    ages, male, labels = draw(40)
    labels = labels.assign(gender=0)
    report = evaluate(ages, male, labels, labels, resamples=50)
    json.dumps(report.to_dict(), allow_nan=False)
    assert NOTHING in report.to_text()


def test_split_of_one_face_can_be_reported_and_drawn(draw: Draw) -> None:
    ages, male, labels = draw(1)
    report = evaluate(ages, male, labels, labels, resamples=50)
    json.dumps(report.to_dict(), allow_nan=False)
    for figure in report.figures().values():
        figure.draw_without_rendering()


def test_one_face_is_told_in_the_singular(draw: Draw) -> None:
    ages, male, labels = draw(1)
    labels = labels.assign(age=1.0)
    report = evaluate(ages, male, labels, labels, resamples=50)
    assert report.heading.startswith("1 face of 1 person;")
    told = [figure.get_suptitle() for figure in report.figures().values()]
    told += [axes.get_title() for axes in report.figures()["age_assurance"].axes]
    told += [report.to_text()]
    assert sum("1 face" in one for one in told) >= 7
    assert not re.search(r"(?<![\d.,])1 (faces|people|years)\b", "\n".join(told))


def test_one_known_gender_is_told_in_the_singular(draw: Draw) -> None:
    ages, male, labels = draw(3)
    labels = labels.assign(gender=[0, -1, -1])
    report = evaluate(ages, male, labels, labels, resamples=50)
    assert report.heading.endswith("gender is known of 1 face")
