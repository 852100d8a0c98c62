"""A real study in MLflow's pages: its trials compared, its own page opened."""

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import pytest
from chromium import CHROMIUM, drawn
from mlflow.entities import Run
from mlflow_pages import comparison_page, own_store, pages_of, run_page

from agegender import steps
from agegender.config import (
    Experiment,
    ParameterSpace,
    SearchConfig,
    TrainingConfig,
    short_name,
)
from agegender.tracking import pages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]

SPACE = {
    "model.depth": ParameterSpace(choices=[10, 16]),
    "model.widen_factor": ParameterSpace(low=1, high=2, step=1),
    "optimizer.learning_rate": ParameterSpace(low=0.01, high=0.2, log=True),
}
HUNT = Experiment(
    name="hunt",
    training=TrainingConfig(epochs=2, batch_size=32, precision="float32"),
    search=SearchConfig(trials=4, pruner="none", space=SPACE),
)


class Study(NamedTuple):
    """A tracking server and the study that it shows."""

    address: str
    parent: Run
    trials: list[Run]  # by number

    @property
    def best(self) -> Run:
        return min(self.trials, key=lambda run: run.data.metrics["best_val_age_mae"])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Iterator[Study]:
    """Search with short real trainings, and serve MLflow's pages."""
    root = tmp_path_factory.mktemp("study")
    with own_store(root) as uri:
        archive = steps.sample(str(root / "drawn"), faces=240, seed=3).data["archive"]
        steps.prep("sample", out=str(root / "store"), archive=archive, size=32)
        steps.search(str(root / "store"), HUNT)
    with pages_of(uri, serve, root) as address:
        yield Study(address, *_runs())


def _runs() -> tuple[Run, list[Run]]:
    client = mlflow.MlflowClient()
    experiments = [one.experiment_id for one in client.search_experiments()]
    (parent,) = client.search_runs(experiments, "tags.study = 'hunt'")
    trials = client.search_runs(
        experiments,
        f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'",
        order_by=["attributes.start_time ASC"],
    )
    return parent, list(trials)


def test_trials_compared_show_the_searched_settings_and_a_few_curves(
    study: Study, tmp_path: Path
) -> None:
    ids = [trial.info.run_id for trial in study.trials]
    page = comparison_page(study.address, study.parent.info.experiment_id, ids)

    shown = drawn(page, tmp_path, seconds=120)

    assert "Comparing 4 Runs from 1 Experiment" in shown.words
    names = " ".join(trial.info.run_name for trial in study.trials)
    assert f"Run Name: {names}" in shown.words
    assert shown.words.count("(best)") >= 1
    for setting in SPACE:
        name = short_name(setting)
        values = " ".join(trial.data.params[name] for trial in study.trials)
        assert f"{name} {values}" in shown.words
    # Nothing else is there to look through.
    for noise in ("training.", "augment.", "search.", "epoch_seconds", "system/"):
        assert noise not in shown.words
    axes = re.findall(r'class="axis-title"[^>]*>([^<]+)<', shown.source)
    assert axes[:3] == ["depth", "learning_rate", "widen_factor"]


def test_trials_are_listed_best_first_at_the_address_that_the_study_tells(
    study: Study, tmp_path: Path
) -> None:
    info = study.parent.info
    told = study.parent.data.tags["mlflow.note.content"]
    page = pages.trials_page(study.address, info.experiment_id, info.run_id)
    assert page.removeprefix(f"{study.address}/") in told

    shown = drawn(page, tmp_path, seconds=60).words

    assert "4 matching runs" in shown
    ranked = sorted(study.trials, key=lambda run: run.data.metrics["best_val_age_mae"])
    names = [run.info.run_name for run in ranked]
    places = [shown.index(f" {name} ") for name in names]
    assert places == sorted(places)
    assert [name.endswith(" (best)") for name in names] == [True, False, False, False]


def test_study_tells_its_best_and_shows_its_page_among_its_artifacts(
    study: Study, tmp_path: Path
) -> None:
    info = study.parent.info
    address = run_page(study.address, info.experiment_id, info.run_id)

    told = drawn(address, tmp_path / "run").words
    assert "4 trials: 4 completed. Best is trial" in told
    base, query = address.split("?")
    page = drawn(f"{base}/artifacts/study.html?{query}", tmp_path / "tree").words
    assert all(one in page for one in ("study.html", "figures", "trials.csv"))


def test_page_of_the_study_draws_its_figures_without_a_network(
    study: Study, tmp_path: Path
) -> None:
    run = study.parent.info.run_id
    source = f"{study.address}/get-artifact?path=study.html&run_uuid={run}"
    with urllib.request.urlopen(source, timeout=30) as answer:
        (tmp_path / "study.html").write_bytes(answer.read())
    offline = (tmp_path / "study.html").as_uri()

    shown = drawn(offline, tmp_path / "drawn", seconds=10)

    # History, importances, settings together, and each of the three.
    assert shown.source.count('class="main-svg"') >= 6
    titles = re.findall(r'class="xtitle"[^>]*>([^<]+)<', shown.source)
    assert {"trial", "depth", "widen_factor", "learning_rate"} <= set(titles)
    # A star in the history and in each setting's figure.
    best = study.best.data.params
    assert f"depth {best['depth']}" in shown.words
    assert "The test split was not looked at" in shown.words
