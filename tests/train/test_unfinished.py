"""Which training a command goes on with, and what becomes of its run."""

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow.entities import Run

from agegender.config import Experiment, ParameterSpace, SearchConfig
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.steps.resuming import resumable_run
from agegender.tracking.store import use_experiment, use_tracking_store
from agegender.train import DivergedError
from agegender.train.unfinished import Unfinished, training_key


class StoppedError(Exception):
    """Stands for whatever ends a training early."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tracking database that nothing was recorded in yet."""
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        use_tracking_store()
    return folder / "mlflow.db"


@pytest.fixture
def stopped(
    database: Path, tmp_path: Path, tiny_store: FaceStore, tiny_experiment: Experiment
) -> str:
    """Stop a training after two epochs; return the id of its run."""
    shutil.copy(database, tmp_path / "mlflow.db")
    use_tracking_store()
    course = json.dumps({"rows": [{"loss": 2.0}, {"loss": 1.0}]})
    with (
        contextlib.suppress(StoppedError),
        resumable_run(tiny_experiment, tiny_store, None, True) as (run, checkpoint),
    ):
        np.savez(checkpoint.path, course=np.array(course))
        raise StoppedError
    # As it is after kill -9, when nobody could end it.
    mlflow.MlflowClient().update_run(run.id, status="RUNNING")
    return run.id


def recorded(run_id: str) -> Run:
    return mlflow.MlflowClient().get_run(run_id)


def test_same_training_goes_on_in_its_run(
    stopped: str, tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    with resumable_run(tiny_experiment, tiny_store, None, True) as (run, checkpoint):
        assert run.id == stopped
        assert checkpoint.epochs() == 2
    assert recorded(stopped).info.status == "FINISHED"
    assert list(Path("mlruns/checkpoints").iterdir()) == []


def test_other_folder_has_other_trainings(
    stopped: str, tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    with resumable_run(tiny_experiment, tiny_store, "own", True) as (run, checkpoint):
        assert run.id != stopped
        assert checkpoint.path.is_relative_to("own")
        assert checkpoint.epochs() == 0


def test_other_number_of_devices_is_another_training(
    stopped: str, tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    with resumable_run(tiny_experiment, tiny_store, None, True, 2) as (run, _):
        assert run.id != stopped


def test_begun_anew_the_killed_run_is_ended(
    stopped: str, tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    with resumable_run(tiny_experiment, tiny_store, None, False) as (run, checkpoint):
        assert run.id != stopped
        assert checkpoint.epochs() == 0
    assert recorded(stopped).info.status == "KILLED"
    assert recorded(stopped).data.tags["state"] == "killed"


@pytest.mark.parametrize("gone", ["deleted", "of another database"])
def test_weights_outlive_their_run(
    stopped: str,
    tiny_store: FaceStore,
    tiny_experiment: Experiment,
    gone: str,
    database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if gone == "deleted":
        mlflow.MlflowClient().delete_run(stopped)
    else:
        shutil.copy(database, tmp_path / "other.db")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
        use_tracking_store()
    with resumable_run(tiny_experiment, tiny_store, None, True) as (run, checkpoint):
        assert run.id != stopped
        assert checkpoint.epochs() == 2
    told = f"goes on after epoch 2 of run {stopped}, recorded in run {run.id}"
    assert told in caplog.text


def test_within_mlflow_run_it_goes_on_in_the_run_that_was_begun(
    stopped: str,
    tiny_store: FaceStore,
    tiny_experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = mlflow.MlflowClient().create_run(use_experiment()).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", begun)
    with resumable_run(tiny_experiment, tiny_store, None, True) as (run, checkpoint):
        assert run.id == begun
        assert checkpoint.epochs() == 2
    assert recorded(stopped).info.status == "KILLED"


def test_diverged_training_is_not_gone_on_with(
    stopped: str, tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    with (
        pytest.raises(DivergedError),
        resumable_run(tiny_experiment, tiny_store, None, True),
    ):
        raise DivergedError
    assert list(Path("mlruns/checkpoints").iterdir()) == []


def test_key_is_that_of_all_that_decides(tiny_experiment: Experiment) -> None:
    space = {"model.depth": ParameterSpace(choices=[10, 16])}
    same = replace(tiny_experiment, search=SearchConfig(space=space))
    assert training_key(same, "data") == training_key(tiny_experiment, "data")
    seeded = replace(tiny_experiment, seed=1)
    keys = {
        training_key(tiny_experiment, "data"),
        training_key(tiny_experiment, "other data"),
        training_key(tiny_experiment, "data", "0.2.0"),
        training_key(seeded, "data"),
    }
    assert len(keys) == 4


def test_key_names_a_folder_whatever_the_experiment_is_called(
    tiny_experiment: Experiment,
) -> None:
    key = training_key(replace(tiny_experiment, name="../ü b" + "x" * 99))
    assert Path(key).name == key
    assert len(key) < 60


def test_run_that_cannot_be_noted_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot be written.*--checkpoints"):
        Unfinished(tmp_path / "file" / "key").begin("run")
