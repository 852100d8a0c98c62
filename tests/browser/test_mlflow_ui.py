"""MLflow's own pages, drawn by a real browser from a store that real trainings filled.

Chromium writes the finished page out by itself, so that no driver is needed.
"""

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import pytest
from chromium import CHROMIUM, drawn
from clicking import Browser
from mlflow_pages import comparison_page, own_store, pages_of, run_page
from promoting import promote_alias

from agegender import steps
from agegender.config import Experiment, ModelConfig, OptimizerConfig, TrainingConfig
from agegender.data.store import FaceStore
from agegender.progress import silent
from agegender.steps.answering import network_of, report_of
from agegender.steps.card import card_of, keep_card
from agegender.tracking import pages, registry
from agegender.tracking.version import resolve

EPOCHS = 3

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]

RUNS = {
    "narrow": (ModelConfig(depth=10, widen_factor=1), 0.05),
    "wide": (ModelConfig(depth=10, widen_factor=2), 0.1),
    "deep": (ModelConfig(depth=16, widen_factor=1), 0.1),
}
"""Name of a run -> its network and learning rate."""


class Served(NamedTuple):
    """A tracking server and what it shows."""

    address: str
    experiment: str
    runs: dict[str, str]  # name -> id


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Iterator[Served]:
    """Train three networks, judge and promote the last, and serve MLflow's pages."""
    root = tmp_path_factory.mktemp("ui")
    with own_store(root) as uri:
        experiment, runs = _trained(root)
        _promoted(root / "store")
    with pages_of(uri, serve, root) as address:
        yield Served(address, experiment, runs)


def _trained(root: Path) -> tuple[str, dict[str, str]]:
    drawn = steps.sample(str(root / "drawn"), faces=240, seed=3).data
    store = str(root / "store")
    steps.prep("sample", out=store, archive=drawn["archive"], size=32)
    training = TrainingConfig(epochs=EPOCHS, batch_size=32, precision="float32")
    runs = {}
    for name, (model, rate) in RUNS.items():
        optimizer = OptimizerConfig(learning_rate=rate)
        experiment = Experiment(
            name=name, model=model, optimizer=optimizer, training=training
        )
        trained = steps.train(store, experiment, system_metrics=0)
        runs[name] = trained.data["run_id"]
    return mlflow.get_run(runs["deep"]).info.experiment_id, runs


def _promoted(store: Path) -> None:
    """Do what `promote` does, but for the gate: so short a training would not pass."""
    steps.evaluate("models:/agegender@challenger", str(store))
    version = resolve("models:/agegender@challenger")
    faces = FaceStore.open(store)
    promote_alias(version)
    report = report_of(network_of(version, faces), faces, "test", silent)
    keep_card(version, card_of(version, faces, report))
    registry.tag_version(version, {"gate": "not asked"})


def test_experiment_opens_on_its_runs_in_the_model_training_view(
    served: Served, tmp_path: Path
) -> None:
    page = pages.experiment_page(served.address, served.experiment)

    shown = drawn(page, tmp_path).words

    assert "agegender Runs Models Traces Model registry" in shown
    assert all(name in shown for name in RUNS)
    assert re.search(r"store-train \([0-9a-f]{12}\) training", shown)
    assert "3 matching runs" in shown
    assert "Judges" not in shown  # of the view for language models


def test_three_runs_compared_show_settings_figures_and_a_drawn_chart(
    served: Served, tmp_path: Path
) -> None:
    runs = list(served.runs.values())
    page = comparison_page(served.address, served.experiment, runs)

    shown = drawn(page, tmp_path, seconds=120)

    assert "Comparing 3 Runs from 1 Experiment" in shown.words
    assert "Run Name: narrow wide deep" in shown.words
    assert "model.depth 10 10 16" in shown.words
    assert "model.widen_factor 1 2 1" in shown.words
    assert "optimizer.learning_rate 0.05 0.1 0.1" in shown.words
    errors = [mlflow.get_run(run).data.metrics["age_mae"] for run in runs]
    assert " ".join(f"{error:.4g}" for error in errors) in shown.words
    assert "search." not in shown.words
    # The parallel coordinates: its axes are what the runs differ in, one line a run.
    assert "js-plotly-plot" in shown.source
    axes = re.findall(r'class="axis-title"[^>]*>([^<]+)<', shown.source)
    assert axes[:3] == ["model.depth", "model.widen_factor", "optimizer.learning_rate"]


def test_curves_of_three_runs_are_drawn_beside_each_other(
    served: Served, tmp_path: Path
) -> None:
    page = pages.experiment_page(served.address, served.experiment)

    shown = drawn(f"{page}&compareRunsMode=CHART", tmp_path, seconds=240)

    assert shown.source.count("js-plotly-plot") >= 3
    for name in RUNS:
        assert f"{name} (age_mae)" in shown.words  # the legend
    # A curve a run in each chart, whatever else belongs to it.
    charts = shown.source.count("js-plotly-plot")
    assert shown.source.count('class="trace scatter') >= len(RUNS) * charts


def test_run_shows_its_report_among_its_artifacts(
    served: Served, tmp_path: Path
) -> None:
    run = served.runs["deep"]
    report = "evaluation/test.html"
    base, query = run_page(served.address, served.experiment, run).split("?")

    shown = drawn(f"{base}/artifacts/{report}?{query}", tmp_path / "tree").words
    assert f"{report} " in shown
    assert all(one in shown for one in ("figures", "calibration.json", "model_card.md"))

    # MLflow shows the page in a frame of its own; what it holds is this.
    frame = f"{served.address}/get-artifact?path={report}&run_uuid={run}"
    with_frame = tmp_path / "report.html"
    with urllib.request.urlopen(frame, timeout=30) as answer:
        with_frame.write_bytes(answer.read())
    told = drawn(with_frame.as_uri(), tmp_path / "frame").words
    assert "mean absolute error, years" in told
    assert "no proof of age" in told
    assert "Age assurance: who passes unasked" in told
    with Browser(tmp_path / "clicking") as browser:
        browser.open(with_frame.as_uri())
        tables = "[...document.querySelectorAll('.table')]"
        cut = f"{tables}.filter(one => one.scrollWidth > one.clientWidth).length"
        browser.wait(f"document.readyState === 'complete' && {tables}.length")
        assert browser.run(cut) == 0


def test_registered_model_shows_aliases_tags_and_its_card(
    served: Served, tmp_path: Path
) -> None:
    listed = drawn(pages.model_page(served.address), tmp_path / "list").words
    assert "Registered Models agegender" in listed
    assert re.search(r"Version 3 .*@ ?challenger.*@ ?champion", listed)

    one = drawn(pages.model_page(served.address, 3), tmp_path / "one").words
    assert re.search(r"Aliases ?: @ ?challenger @ ?champion", one)
    assert "agegender version 3 Ages and genders are apparent" in one
    assert "What it is for, and what not" in one
    assert "WRN-16-1 at 32 px" in one
    assert re.search(r"gate not asked .*test_mae \d", one)


def test_run_shows_last_values_and_few_parameters(
    served: Served, tmp_path: Path
) -> None:
    run = served.runs["deep"]
    page = run_page(served.address, served.experiment, run)

    shown = drawn(page, tmp_path).words

    assert re.search(r"val_age_mae \d+\.\d", shown)
    assert re.search(r"Parameters \(\d\d\)", shown)
    assert "Status Finished" in shown
