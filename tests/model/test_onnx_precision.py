from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from agegender.config import CropRule, ModelConfig
from agegender.errors import ModelError
from agegender.model.export import export_onnx
from agegender.model.network import Network
from agegender.model.onnx_precision import (
    halve_file,
    parts_of,
    quantize_file,
    widen_file,
)
from agegender.model.wide_resnet import build

RULE = CropRule(margin=0.25, size=16)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return WRN-16-2 for 16 px in float32."""
    model = build(ModelConfig(16, 2), 16, None, seed=1)
    path = tmp_path_factory.mktemp("whole") / "whole.onnx"
    return export_onnx(model, path, RULE, {"run": "r1"})


@pytest.fixture(scope="module")
def noise() -> NDArray[np.uint8]:
    draws = np.random.default_rng(0)
    return draws.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


def test_halved_file_is_half_as_large_and_answers_nearly_the_same(
    whole: Path, noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    half = halve_file(whole, tmp_path / "half.onnx")
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    wanted, got = (Network.load(file, threads=1) for file in (whole, half))
    assert got.metadata == wanted.metadata
    before, after = wanted.predict(noise), got.predict(noise)
    assert before.age_probabilities.std() > 1e-3
    np.testing.assert_allclose(
        *(a.age_probabilities for a in (after, before)), atol=1e-3
    )
    np.testing.assert_allclose(
        *(a.male_probability for a in (after, before)), atol=2e-3
    )


def test_halving_twice_is_halving_once(whole: Path, tmp_path: Path) -> None:
    half = halve_file(whole, tmp_path / "half.onnx")
    again = halve_file(half, tmp_path / "again.onnx")
    once, twice = parts_of(half).weights, parts_of(again).weights
    assert once.keys() == twice.keys()
    assert all(np.array_equal(once[name], twice[name]) for name in once)


def test_widened_file_has_the_halved_ones_weights_in_float32(
    whole: Path, noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    half = halve_file(whole, tmp_path / "half.onnx")
    wide = widen_file(half, tmp_path / "wide.onnx")
    graph = onnx.load(wide).graph
    kernels = {one.name: one for one in graph.initializer}
    assert kernels["stem_kernel"].data_type == onnx.TensorProto.FLOAT
    assert "Cast" not in {node.op_type for node in graph.node[1:]}
    before, after = (Network.load(f, threads=1).predict(noise) for f in (half, wide))
    np.testing.assert_array_equal(before.age_probabilities, after.age_probabilities)


def test_int8_file_computes_in_eight_bits_and_stays_close(
    whole: Path, noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    small = quantize_file(whole, tmp_path / "small.onnx", noise)
    assert [file.name for file in tmp_path.iterdir()] == ["small.onnx"]
    assert small.stat().st_size < 0.45 * whole.stat().st_size
    graph = onnx.load(small).graph
    kernels = [one for one in graph.initializer if len(one.dims) == 4]
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert [one.data_type for one in kernels] == [onnx.TensorProto.INT8] * 16
    assert len(convolutions) == 16
    # Seven bits: where a processor adds up in sixteen, eight overflow unseen.
    values = np.concatenate(
        [onnx.numpy_helper.to_array(one).ravel() for one in kernels]
    )
    assert np.abs(values.astype(int)).max() == 64
    wanted, got = (Network.load(file, threads=1) for file in (whole, small))
    assert got.metadata == wanted.metadata
    before, after = wanted.predict(noise), got.predict(noise)
    difference = np.abs(before.age_probabilities - after.age_probabilities)
    assert 0.0 < difference.mean() < 0.1 * before.age_probabilities.std()


def test_int8_file_keeps_an_ordinal_head_whole(
    noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    model = build(ModelConfig(10, 1, age_head="ordinal"), 16, None, seed=1)
    source = export_onnx(model, tmp_path / "source.onnx", RULE)
    small = quantize_file(source, tmp_path / "small.onnx", noise)
    before, after = (
        Network.load(file, threads=1).predict(noise).age_probabilities
        for file in (source, small)
    )
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(after.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(after, before, atol=2e-3)


def test_int8_without_faces_is_refused_and_nothing_is_written(
    whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="int8 needs faces"):
        quantize_file(whole, tmp_path / "s.onnx", np.empty((0, 16, 16, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
