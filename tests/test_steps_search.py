"""A search over real trainings: networks kept, the best trained once more."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from agegender import steps
from agegender.config import (
    Experiment,
    ModelConfig,
    ParameterSpace,
    SearchConfig,
    TrainingConfig,
    with_values,
)
from agegender.data.store import FaceStore
from agegender.errors import ConfigError
from agegender.model.network import Network
from agegender.tracking.registry import download_network
from agegender.tracking.version import resolve

SPACE = {"optimizer.learning_rate": ParameterSpace(low=0.01, high=0.1, log=True)}
HUNT = Experiment(
    name="hunt",
    model=ModelConfig(depth=10, widen_factor=1),
    training=TrainingConfig(epochs=2, batch_size=32, precision="float32"),
    search=SearchConfig(trials=2, space=SPACE, pruner="none", keep=1),
)
STORAGE = "sqlite:///study.db"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("drawn")
    drawn = steps.sample(str(folder), faces=240, seed=3).data
    archive, out = drawn["archive"], str(folder / "store")
    steps.prep("wiki", out=out, archive=archive, size=16)
    return out


def trials() -> list[mlflow.entities.Run]:
    client = MlflowClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(ids, "tags.state = 'complete'"))


def files(run_id: str) -> list[str]:
    return [one.path for one in MlflowClient().list_artifacts(run_id, "model")]


def interrupting(at: str) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, what: str) -> None:
        del done, total
        if what.startswith(at):
            raise KeyboardInterrupt

    return progress


def test_training_that_diverges_is_given_up_with_the_reason(store: str) -> None:
    rates = ParameterSpace(choices=[0.05, 1e30])
    space = {"optimizer.learning_rate": rates}
    search = replace(HUNT.search, trials=4, space=space, sampler="random")
    found = steps.search(store, replace(HUNT, search=search)).data
    assert Path("mlruns/optuna.db").is_file()
    assert found["trials"] == {"complete": 2, "pruned": 2}
    client = MlflowClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    for run in client.search_runs(ids, "tags.state = 'pruned'"):
        assert run.info.status == "FINISHED"
        assert "nan" in run.data.tags["reason"].lower()
        assert run.data.params["learning_rate"] == "1e+30"


def test_best_network_is_kept_calibrated_and_refitted_once(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A store this small has too few validation faces to calibrate well.
    monkeypatch.setattr("agegender.evaluate.calibrate.FEWEST_FACES", 5)
    searched = steps.search(store, HUNT, storage=STORAGE).data
    held = {run.info.run_id: files(run.info.run_id) for run in trials()}
    assert sorted(held.values()) == [[], ["model/model.onnx"]]
    (best,) = (run for run in trials() if files(run.info.run_id))
    assert best.data.metrics["best_val_age_mae"] == searched["best_val_age_mae"]
    uri = f"runs:/{best.info.run_id}/model/model.onnx"
    kept = Network.load(mlflow.artifacts.download_artifacts(uri))
    faces = FaceStore.open(store)
    assert kept.calibration.faces == len(faces.rows("validation"))

    interrupted = steps.search(
        store, HUNT, storage=STORAGE, refit=True, progress=interrupting("epoch 1")
    )
    assert interrupted.exit_code == 130
    assert interrupted.data == searched  # what there is is told all the same
    stopped = _refits()
    assert [run.info.status for run in stopped] == ["KILLED"]
    found = steps.search(store, HUNT, storage=STORAGE, refit=True).data
    refit = found["refit"]
    (run,) = _refits()
    assert run.info.run_id == refit["run_id"] == stopped[0].info.run_id
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.parentRunId"] == best.data.tags["mlflow.parentRunId"]
    # Judged on nothing: what is left is the test split, and that is for later.
    assert not [name for name in run.data.metrics if name.startswith("val_")]
    history = MlflowClient().get_metric_history(refit["run_id"], "loss")
    assert [point.step for point in history] == list(range(refit["epochs"]))

    version = resolve("models:/agegender@challenger")
    assert version.number == refit["version"]
    network = Network.load(download_network(version))
    assert network.calibration == kept.calibration
    learnt = len(faces.rows("train")) + len(faces.rows("validation"))
    assert network.metadata["trained_on"].startswith(f"{learnt} faces")
    assert network.metadata["refit_of"] == f"trial {found['best_trial']} of hunt"

    again = steps.search(store, HUNT, storage=STORAGE, refit=True).data
    assert again["refit"] == refit
    assert len(MlflowClient().search_model_versions("name = 'agegender'")) == 1


def test_space_is_tried_once_before_the_trials(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def counted(experiment: Experiment, values: dict[str, Any]) -> Experiment:
        tried.append(values)
        return with_values(experiment, values)

    monkeypatch.setattr("agegender.search.space.with_values", counted)
    short = replace(HUNT, training=replace(HUNT.training, epochs=1))
    steps.search(store, short, trials=1, storage=STORAGE)
    assert [one["optimizer.learning_rate"] for one in tried] == [0.01, 0.1]


@pytest.mark.parametrize(
    "limit", [{"trials": 0}, {"workers": 0}, {"time_limit": 0.0}, {"target": -1.0}]
)
def test_limit_that_is_none_is_refused_before_anything_is_begun(
    store: str, tmp_path: Path, limit: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match=r"must be (at least 1|above 0)\. Received"):
        steps.search(store, HUNT, storage=f"sqlite:///{tmp_path}/none.db", **limit)
    assert not (tmp_path / "none.db").exists()


def test_studies_of_one_name_in_two_storages_share_no_run(store: str) -> None:
    short = replace(HUNT, training=replace(HUNT.training, epochs=1))
    for storage in ("sqlite:///mine.db", "sqlite:///yours.db", "sqlite:///mine.db"):
        steps.search(store, short, trials=1, study="Anna's", storage=storage)
    opened = mlflow.search_runs(search_all_experiments=True, output_format="list")
    studies = {run.info.run_id for run in opened if "study" in run.data.tags}
    assert len(studies) == 2
    assert {run.data.tags["mlflow.parentRunId"] for run in trials()} == studies
    assert {run.info.status for run in opened} == {"FINISHED"}


@pytest.mark.parametrize(
    ("name", "value"), [("model.input_size", 24), ("training.first_size", 64)]
)
def test_setting_that_the_faces_cannot_take_is_refused_before_anything_is_begun(
    store: str, name: str, value: int, tmp_path: Path
) -> None:
    space = SPACE | {name: ParameterSpace(choices=[0, value])}
    wrong = replace(HUNT, search=SearchConfig(space=space))
    with pytest.raises(ConfigError, match=rf"{name} must be at most .* {value}"):
        steps.search(store, wrong, storage=f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


def test_three_settings_that_do_not_fit_cost_a_trial_and_not_the_search(
    tmp_path: Path,
) -> None:
    drawn = steps.sample(str(tmp_path), faces=240, seed=3).data
    large = str(tmp_path / "store")
    steps.prep("wiki", out=large, archive=drawn["archive"], size=64)
    space = {
        "model.pooling": ParameterSpace(choices=["global", "8"]),
        "model.input_size": ParameterSpace(choices=[0, 32]),
        "model.patch_size": ParameterSpace(choices=[1, 2]),
    }
    search = replace(HUNT.search, space=space, sampler="random")
    # Of this seed's two draws the first is all three at their last.
    training = replace(HUNT.training, epochs=1)
    misfit = replace(HUNT, seed=9, training=training, search=search)
    found = steps.search(large, misfit, storage=STORAGE).data
    assert found["trials"] == {"complete": 1, "pruned": 1}
    (run,) = mlflow.search_runs(
        search_all_experiments=True,
        filter_string="tags.state = 'pruned'",
        output_format="list",
    )
    assert "model.pooling 8 takes windows" in run.data.tags["reason"]


def _refits() -> list[mlflow.entities.Run]:
    client = MlflowClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(ids, "tags.refit_of_trial LIKE '%'"))


@pytest.mark.slow
def test_front_of_real_networks_is_told_and_kept(store: str) -> None:
    search = SearchConfig(
        trials=2,
        sampler="random",
        cost="parameters",
        space={"model.widen_factor": ParameterSpace(choices=[1, 2])},
    )
    training = replace(HUNT.training, epochs=1)
    experiment = replace(HUNT, seed=2, training=training, search=search)
    outcome = steps.search(store, experiment, storage=STORAGE)
    assert "none is both better and cheaper (parameters) than these" in outcome.text
    costs = {run.data.metrics["parameters"] for run in trials()}
    assert {one["parameters"] for one in outcome.data["front"]} <= costs
    held = [run for run in trials() if files(run.info.run_id)]
    assert len(held) == len(outcome.data["front"])


def test_faces_of_both_splits_are_learnt_from_and_nobody_of_the_test_split(
    store: str,
) -> None:
    faces = FaceStore.open(store)
    both = faces.with_validation_in_train()
    before = np.concatenate([faces.rows("train"), faces.rows("validation")])
    assert both.rows("train").tolist() == sorted(before.tolist())
    assert both.rows("validation").tolist() == []
    assert both.rows("test").tolist() == faces.rows("test").tolist()
    assert both.split_hash("train") != faces.split_hash("train")
    assert both.split_hash("test") == faces.split_hash("test")
    people = both.labels["identity"]
    tested = set(people.iloc[both.rows("test")])
    assert not tested & set(people.iloc[both.rows("train")])
    assert Path(store) == faces.path
