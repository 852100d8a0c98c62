"""Trainings that are killed, really, and go on as if nothing had happened."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from agegender.config import Experiment, ModelConfig
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.train import fit
from agegender.train.checkpoint import Checkpoint
from agegender.train.course import Course
from agegender.train.fit import compiled

PROJECT = Path(__file__).parents[2]
CLOCKED = ["faces_per_second", "epoch_seconds"]
# On POSIX, kill -9; elsewhere Python has only the like of it.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

SCRIPT = """
import os, pickle, signal, sys
from pathlib import Path

from agegender.data.store import FaceStore
from agegender.train import fit
from agegender.train.checkpoint import Checkpoint

store, experiment, state, last_step, last_epoch, kill = pickle.loads(
    bytes.fromhex(sys.argv[1])
)

def progress(done, total, what):
    if done == last_step:
        os.kill(os.getpid(), kill)

def listen(epoch, measures):
    if epoch == last_epoch:
        os.kill(os.getpid(), kill)

fit(experiment, FaceStore.open(store), [listen], progress, Checkpoint(Path(state)))
"""


@pytest.fixture(scope="module")
def demanding(tiny_experiment: Experiment) -> Experiment:
    """Return a training with every kind of state: momenta, averages, dropout."""
    return replace(
        tiny_experiment,
        model=ModelConfig(10, 1, dropout=0.2),
        training=replace(tiny_experiment.training, epochs=4, ema=0.8),
    )


def killed(
    store: FaceStore,
    experiment: Experiment,
    state: Path,
    at_step: int = -1,
    at_epoch: int = -1,
) -> int:
    """Train in a process that is killed at a step or at the end of an epoch."""
    order = (str(store.path), experiment, str(state), at_step, at_epoch, KILL)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, pickle.dumps(order).hex()],
        check=False,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    return done.returncode


def test_training_killed_twice_has_the_curve_of_an_undisturbed_one(
    tiny_store: FaceStore, demanding: Experiment, tmp_path: Path
) -> None:
    state = tmp_path / "state.npz"
    # Four steps an epoch: within the second epoch, then right after the third.
    assert killed(tiny_store, demanding, state, at_step=6) == -KILL
    assert killed(tiny_store, demanding, state, at_epoch=2) == -KILL
    heard: list[int] = []
    steps: list[int] = []
    resumed = fit(
        demanding,
        tiny_store,
        [lambda epoch, _: heard.append(epoch)],
        lambda done, *_: steps.append(done),
        Checkpoint(state),
    )
    undisturbed = fit(demanding, tiny_store)
    assert heard == [0, 1, 2, 3]
    assert steps == [13, 14, 15, 16]
    assert resumed.best_epoch == undisturbed.best_epoch
    # Equal to the last bit: on CPU, in float32, the backend is deterministic.
    np.testing.assert_array_equal(
        resumed.history.drop(columns=CLOCKED),
        undisturbed.history.drop(columns=CLOCKED),
    )
    for one, other in zip(
        resumed.model.get_weights(), undisturbed.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_finished_training_is_not_trained_on(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    first = fit(tiny_experiment, tiny_store, checkpoint=checkpoint)

    def progress(done: int, total: int, what: str) -> None:
        raise AssertionError("a step was made")

    again = fit(tiny_experiment, tiny_store, progress=progress, checkpoint=checkpoint)
    np.testing.assert_array_equal(again.history, first.history)
    np.testing.assert_array_equal(
        again.model.get_weights()[0], first.model.get_weights()[0]
    )


def test_state_comes_back_whole(tiny_experiment: Experiment, tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    model = compiled(tiny_experiment, 16, 4)
    variables = [*model.variables, *model.optimizer.variables]
    for number, variable in enumerate(variables):
        variable.assign(keras.ops.full(variable.shape, number, variable.dtype))
    course = Course([{"loss": 0.1 + 0.2}], 0, 5.5, [np.arange(3.0)])
    checkpoint.write(model, course)
    other = compiled(tiny_experiment, 16, 4)
    found = checkpoint.restore(other)
    values = [*other.variables, *other.optimizer.variables]
    assert [float(np.ravel(value)[0]) for value in values] == list(range(len(values)))
    assert (found.rows, found.best_error) == ([{"loss": 0.1 + 0.2}], 5.5)
    np.testing.assert_array_equal(found.best_weights[0], [0.0, 1.0, 2.0])


def test_state_that_cannot_be_written_leaves_the_one_before(
    tiny_experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    model = compiled(tiny_experiment, 16, 4)
    checkpoint.write(model, Course([{"loss": 1.0}]))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        checkpoint.write(model, Course([{"loss": 1.0}, {"loss": 0.5}]))
    assert len(checkpoint.restore(model).rows) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


@pytest.mark.parametrize("spoilt", [b"", b"PK no archive", None])
def test_state_of_something_else_is_one_line(
    tiny_experiment: Experiment, tmp_path: Path, spoilt: bytes | None
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    if spoilt is None:
        wider = replace(tiny_experiment, model=ModelConfig(10, 2))
        checkpoint.write(compiled(wider, 16, 4), Course())
    else:
        checkpoint.path.write_bytes(spoilt)
    with pytest.raises(DataError, match="is not the state of this training") as told:
        checkpoint.restore(compiled(tiny_experiment, 16, 4))
    assert "\n" not in str(told.value)
