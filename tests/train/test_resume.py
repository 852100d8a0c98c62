"""The state of a training, kept and put back."""

import io
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
from agegender.train.learners import compiled


def test_finished_training_is_not_trained_on(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    first = fit(tiny_experiment, tiny_store, checkpoint=checkpoint)

    def progress(done: int, total: int, what: str) -> None:
        raise AssertionError("a step was made")

    heard: list[int] = []
    listeners = [lambda epoch, _: heard.append(epoch)]
    again = fit(tiny_experiment, tiny_store, listeners, progress, checkpoint)
    assert heard == [0, 1, 2]
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
    checkpoint.write(model, model.optimizer, course)
    other = compiled(tiny_experiment, 16, 4)
    found = checkpoint.restore(other, other.optimizer)
    values = [*other.variables, *other.optimizer.variables]
    assert [float(np.ravel(value)[0]) for value in values] == list(range(len(values)))
    assert (found.rows, found.best_error) == ([{"loss": 0.1 + 0.2}], 5.5)
    np.testing.assert_array_equal(found.best_weights[0], [0.0, 1.0, 2.0])


def test_state_that_cannot_be_written_leaves_the_one_before(
    tiny_experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    model = compiled(tiny_experiment, 16, 4)
    checkpoint.write(model, model.optimizer, Course([{"loss": 1.0}]))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        checkpoint.write(model, model.optimizer, Course([{"loss": 1.0}, {"loss": 0.5}]))
    assert (
        len(checkpoint.restore(model, model.optimizer).rows) == checkpoint.epochs() == 1
    )
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]


def packed_in_an_unknown_way() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, course=np.zeros(1))
    deflated, unknown = b"\x08\x00", b"\x63\x00"
    return file.getvalue().replace(deflated, unknown)


@pytest.mark.parametrize(
    "spoilt", [b"", b"PK no archive", packed_in_an_unknown_way(), None]
)
def test_state_of_something_else_is_one_line(
    tiny_experiment: Experiment, tmp_path: Path, spoilt: bytes | None
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.npz")
    if spoilt is None:
        wider = replace(tiny_experiment, model=ModelConfig(10, 2))
        other = compiled(wider, 16, 4)
        checkpoint.write(other, other.optimizer, Course())
    else:
        checkpoint.path.write_bytes(spoilt)
    model = compiled(tiny_experiment, 16, 4)
    with pytest.raises(DataError, match="is not the state of this training") as told:
        checkpoint.restore(model, model.optimizer)
    assert "\n" not in str(told.value)
