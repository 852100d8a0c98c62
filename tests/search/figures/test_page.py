"""The page of a study holds its trials, and needs nothing from anywhere else."""

import base64
import hashlib
import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from agegender.config import Experiment
from agegender.search import OnFront, StudyResult
from agegender.search.figures.page import draw_study_page
from agegender.search.figures.plots import study_plots

SETTINGS = ("model.depth", "optimizer.learning_rate", "optimizer.name", "loss.variance")


def trials() -> pd.DataFrame:
    """Return six trials; the last setting is drawn in some alone."""
    return pd.DataFrame(
        {
            "number": range(6),
            "state": [
                "complete",
                "pruned",
                "failed",
                "complete",
                "complete",
                "running",
            ],
            "value": [6.0, 9.0, math.nan, 5.0, 5.5, math.nan],
            "epochs": [5, 2, 0, 5, 5, 1],
            "seconds": [60.0, 30.0, 1.0, 90.0, 60.0, math.nan],
            "reason": ["", "not promising", "</script><b>out", "", "", ""],
            "model.depth": [10, 16, 22, 16, 10, 22],
            "optimizer.learning_rate": [0.001, 0.01, 0.1, 0.05, 0.02, 0.3],
            "optimizer.name": ["sgd", "adamw", "</script>", "sgd", "<i>lion", "sgd"],
            "loss.variance": [0.1, math.nan, math.nan, 0.2, math.nan, math.nan],
        }
    )


@pytest.fixture(scope="module")
def found() -> StudyResult:
    return StudyResult(
        study_name="a <b>study</b>",
        trials=trials(),
        settings=SETTINGS,
        importances={"model.depth": 0.75, "optimizer.name": 0.25},
        best_number=3,
        best_values={"model.depth": 16, "optimizer.learning_rate": 0.05},
        best_value=5.0,
        best=Experiment(),
    )


@pytest.fixture(scope="module")
def page(found: StudyResult) -> str:
    return draw_study_page(found)


def test_page_holds_plotly_once_and_refers_to_nothing(page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert [len(script) > 1_000_000 for script in scripts] == [True, False]
    ours = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(src|href)=|https?:|@import|url\(", ours)


def test_page_lets_its_own_scripts_run_and_no_other(page: str) -> None:
    rule = re.search(r"script-src ([^;\"]+)", page)
    assert rule is not None
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = [hashlib.sha256(one.encode()).digest() for one in scripts]
    named = [f"'sha256-{base64.b64encode(one).decode()}'" for one in digests]
    assert rule[1].split() == named


def test_texts_of_trials_are_no_markup(page: str) -> None:
    assert "<b>study" not in page
    assert "<b>out" not in page
    assert "<i>lion" not in page
    # The figures' data stands in an element of its own, which no text may end.
    data = re.search(r'id="plots">(.*?)</script>', page, flags=re.DOTALL)
    assert data is not None
    told = json.dumps(json.loads(data[1]))
    assert "&lt;i&gt;lion" in told
    assert "<i>lion" not in told


def test_trials_are_listed_best_first_and_unfinished_last(page: str) -> None:
    body = page[page.index("<h2>Trials</h2>") :]
    rows = re.findall(r'<th scope="row">(\d)</th><td>(\w+)</td>', body)
    assert rows == [
        ("3", "best"),
        ("4", "complete"),
        ("0", "complete"),
        ("1", "pruned"),
        ("2", "failed"),
        ("5", "running"),
    ]
    assert "not promising" in body


def test_page_says_by_what_the_best_was_chosen_and_what_the_ages_are(
    page: str,
) -> None:
    assert "The test split was not looked at" in page
    assert "no proof of age" in page
    assert "Best is trial 3, 5.00 years off on average, with depth 16" in page


def test_every_figure_is_one_that_plotly_knows(found: StudyResult) -> None:
    plots = study_plots(found)
    assert list(plots) == [
        "history",
        "importances",
        "parallel_coordinates",
        "depth",
        "learning_rate",
        "optimizer.name",
        "variance",
    ]
    for plot in plots.values():
        # Plotly refuses attributes that it does not know; colours are the page's.
        dyed = re.sub(r"var\(--[a-z]+\)", "#123456", json.dumps(plot))
        go.Figure(json.loads(dyed))


def test_history_shows_trials_by_state_and_the_best_so_far(found: StudyResult) -> None:
    lines = {line["name"]: line for line in study_plots(found)["history"]["data"]}
    assert lines["best so far"]["y"] == [6.0, 5.0, 5.0]
    assert lines["completed"]["x"] == [0, 3, 4]
    assert (lines["given up early"]["x"], lines["best"]["y"]) == ([1], [5.0])
    (told,) = lines["best"]["text"]
    assert told == (
        "<b>trial 3: 5.00 years</b><br>depth 16<br>learning_rate 0.05"
        "<br>optimizer.name sgd<br>variance 0.2"
    )


def test_slice_of_a_conditional_setting_shows_the_trials_that_drew_it(
    found: StudyResult,
) -> None:
    lines = study_plots(found)["variance"]["data"]
    assert [(line["name"], line["x"]) for line in lines] == [
        ("completed", [0.1, 0.2]),
        ("best", [0.2]),
    ]


def test_line_of_a_trial_breaks_where_nothing_was_drawn(found: StudyResult) -> None:
    lines = study_plots(found)["parallel_coordinates"]["data"]
    by_trial = {line["text"][: len("<b>trial 0")][-1]: line["y"] for line in lines}
    assert by_trial["3"][-2:] == [1.0, 0.0]
    assert by_trial["4"][-2] is None
    assert by_trial["1"][-2:] == [None, None], "given up: no error to compare"
    # The best is drawn last, on top of the others.
    assert lines[-1]["y"] == by_trial["3"]


def test_study_of_one_trial_has_a_page(found: StudyResult) -> None:
    one = replace(found, trials=trials().iloc[[3]], importances={})
    plots = study_plots(one)
    assert "importances" not in plots
    heights = [
        y for y in plots["parallel_coordinates"]["data"][0]["y"] if y is not None
    ]
    assert np.isfinite(heights).all()
    assert "1 trials" not in draw_study_page(one)


def test_cost_that_is_weighed_has_an_axis_a_front_and_a_column(
    found: StudyResult,
) -> None:
    costs = [80_000.0, math.nan, math.nan, 3_000_000.0, 1_000_000.0, math.nan]
    front = tuple(
        OnFront(number, error, cost, {})
        for number, error, cost in ((0, 6.0, 8e4), (4, 5.5, 1e6), (3, 5.0, 3e6))
    )
    weighed = replace(
        found, trials=trials().assign(parameters=costs), cost="parameters", front=front
    )
    plots = study_plots(weighed)
    line = plots["front"]["data"][0]
    assert line["x"] == pytest.approx(np.log10([8e4, 1e6, 3e6]))
    assert line["y"] == [6.0, 5.5, 5.0]
    assert "1M" in plots["front"]["layout"]["xaxis"]["ticktext"]
    axes = plots["parallel_coordinates"]["layout"]["xaxis"]["ticktext"]
    assert axes[-2:] == ["parameters", "validation MAE, years"]
    page = draw_study_page(weighed)
    assert "<h2>Error against cost</h2>" in page
    rows = re.findall(r'<th scope="row">(\d)</th><td>([\w ]+)</td>', page)
    assert rows[:3] == [("3", "best"), ("4", "on the front"), ("0", "on the front")]
    assert "Error against cost" not in draw_study_page(found)
