"""`agegender train`, killed for real, and the same command given again."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import mlflow
import numpy as np
import pytest
from mlflow.entities import Run

from agegender import cli, steps
from agegender.config import Experiment, ModelConfig
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.tracking import registry
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import resolve
from agegender.train import fit
from agegender.train.checkpoint import Checkpoint

PROJECT = Path(__file__).parents[2]
CLOCKED = {"faces_per_second", "epoch_seconds"}
EPOCHS = 10
"""More than pass between a look at the checkpoint and the next."""


@pytest.fixture
def demanding(tiny_experiment: Experiment) -> Experiment:
    """Return a training with every kind of state: momenta, averages, dropout."""
    return replace(
        tiny_experiment,
        model=ModelConfig(10, 1, dropout=0.2),
        training=replace(tiny_experiment.training, epochs=EPOCHS, ema=0.8),
    )


def test_command_stopped_twice_has_one_run_with_the_curve_of_an_undisturbed_one(
    tiny_store: FaceStore,
    demanding: Experiment,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = tmp_path / "experiment.yaml"
    settings.write_text(json.dumps(demanding.to_dict()))
    command = ["train", "--store", str(tiny_store.path), "--experiment", str(settings)]
    kill_after_first_epoch(command, tmp_path / "said.txt")
    killed = the_run()
    done = epochs_kept()
    assert killed.info.status == "RUNNING"
    assert 1 <= done < EPOCHS - 1

    interrupt_during_last_epoch(tiny_store, demanding)
    assert the_run().info.status == "KILLED"
    assert epochs_kept() == EPOCHS - 1

    assert cli.main(command) == 0
    run = the_run()
    assert (run.info.run_id, run.info.status) == (killed.info.run_id, "FINISHED")
    for epochs in (done, EPOCHS - 1):
        line = f"goes on with run {run.info.run_id} after epoch {epochs}; --no-resume"
        assert line in caplog.text
    assert len(run.inputs.dataset_inputs) == 2
    assert list(Path("mlruns/checkpoints").iterdir()) == []
    require_undisturbed(run.info.run_id, tiny_store, demanding)


def kill_after_first_epoch(command: list[str], log: Path) -> None:
    """Run a command in a process of its own; kill it when it has kept an epoch."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "agegender", *command],
            stdout=said,
            stderr=said,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        )
    while not list(Path("mlruns/checkpoints").glob("*/state.npz")):
        assert process.poll() is None, log.read_text()
        time.sleep(0.005)
    # On POSIX, kill -9; elsewhere Python has only the like of it.
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()


def interrupt_during_last_epoch(store: FaceStore, experiment: Experiment) -> None:
    """Go on with the training up to its last but one step; a second is refused."""
    refusals: list[str] = []

    def progress(done: int, total: int, what: str) -> None:
        if not refusals:
            with pytest.raises(DataError, match="by another process") as refused:
                steps.train(str(store.path), experiment)
            refusals.append(str(refused.value))
        if done == total - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.train(str(store.path), experiment, progress=progress)
    assert len(refusals) == 1


def the_run() -> Run:
    use_tracking_store()
    client = mlflow.MlflowClient()
    ids = [one.experiment_id for one in client.search_experiments()]
    (run,) = client.search_runs(ids)
    return run


def epochs_kept() -> int:
    (state,) = Path("mlruns/checkpoints").glob("*/state.npz")
    return Checkpoint(state).epochs()


def require_undisturbed(run_id: str, store: FaceStore, experiment: Experiment) -> None:
    """Compare curve and weights with those of a training that ran through.

    Equal to the last bit: on CPU, in float32, the backend is deterministic.
    """
    undisturbed = fit(experiment, store)
    client = mlflow.MlflowClient()
    for name in set(undisturbed.history.columns) - CLOCKED:
        points = client.get_metric_history(run_id, name)
        assert [point.step for point in points] == list(range(EPOCHS))
        np.testing.assert_array_equal(
            [point.value for point in points], undisturbed.history[name], name
        )
    (file,) = Path("mlruns").rglob("*.keras")
    weights = keras.saving.load_model(file).get_weights()
    for one, other in zip(weights, undisturbed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_stopped_after_it_registered_registers_no_second_version(
    tiny_store: FaceStore,
    tiny_experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(registry, "describe_version", interrupt)
        with pytest.raises(KeyboardInterrupt):
            steps.train(str(tiny_store.path), tiny_experiment)
    first = resolve("models:/agegender@challenger")
    assert the_run().info.status == "KILLED"

    trained = steps.train(str(tiny_store.path), tiny_experiment)

    assert trained.data["version"] == first.number == 1
    assert len(mlflow.MlflowClient().search_model_versions()) == 1
    assert the_run().info.status == "FINISHED"
    assert (
        "WRN-" in mlflow.MlflowClient().get_model_version("agegender", "1").description
    )
