import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from agegender import cli
from agegender.config import CropRule, Runtime
from agegender.errors import ConfigError, ModelError
from agegender.model.ages import expected_age
from agegender.model.export import export_onnx, note_in_file
from agegender.model.network import Network
from agegender.model.rebuilt import body_of, rebuild
from agegender.model.runtimes import PORTION


@pytest.fixture(scope="module")
def file(tiny_network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runtimes") / "model.onnx"
    return export_onnx(tiny_network, path, CropRule(size=16), {"run": "r1"})


@pytest.fixture(scope="module")
def many() -> NDArray[np.uint8]:
    """Return faces for two whole portions and a part of one."""
    draws = np.random.default_rng(0)
    shape = (2 * PORTION + 3, 16, 16, 3)
    return draws.integers(0, 256, shape, dtype=np.uint8)


def test_portions_come_back_in_order(file: Path, many: NDArray[np.uint8]) -> None:
    alone, shared = (Network.load(file, threads=n).predict(many) for n in (1, 3))
    assert len(np.unique(alone.male_probability)) == len(many)
    for one, other in zip(alone, shared, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("factor", [np.nan, -1.0, 9.0])
def test_network_that_answers_no_probabilities_is_refused(
    factor: float,
    runtime: Runtime,
    file: Path,
    many: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    other = onnx.load_model(file)
    graph = other.graph
    (maker,) = (node for node in graph.node if "gender" in node.output)
    maker.output[list(maker.output).index("gender")] = "sound"
    number = onnx.helper.make_tensor("factor", onnx.TensorProto.FLOAT, [], [factor])
    graph.initializer.append(number)
    graph.node.append(onnx.helper.make_node("Mul", ["sound", "factor"], ["gender"]))
    onnx.save_model(other, tmp_path / "model.onnx")
    network = Network.load(tmp_path / "model.onnx", runtime=runtime)
    with pytest.raises(ModelError, match="answers no probabilities"):
        network.predict(many)


def naming(file: Path, path: Path, where: str) -> Path:
    """Write a network whose largest weights lie in another file."""
    hostile = onnx.load_model(file)
    weights = max(hostile.graph.initializer, key=lambda one: len(one.raw_data))
    raw = weights.raw_data
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=where)
    path.parent.mkdir()
    path.write_bytes(hostile.SerializeToString())
    (path.parent / "inside.bin").write_bytes(raw)
    (path.parent.parent / "secret.bin").write_bytes(raw)
    (path.parent / "link.bin").symlink_to(path.parent.parent / "secret.bin")
    (path.parent / "hard.bin").hardlink_to(path.parent.parent / "secret.bin")
    return path


ELSEWHERE = [
    *("../secret.bin", "/dev/zero", "/etc/hostname", "link.bin", "hard.bin", "gone"),
    *("inside.bin", ".", "", "in\0side", "*/_ORT_MEM_ADDR_/*"),
]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("where", ELSEWHERE)
def test_weights_in_another_file_are_never_read(
    where: str, runtime: Runtime, file: Path, tmp_path: Path
) -> None:
    path = naming(file, tmp_path / "model" / "model.onnx", where)
    told = "is not an ONNX network in one file: its weights lie in "
    with pytest.raises(ModelError, match=told) as caught:
        Network.load(path, runtime=runtime)
    assert "\n" not in str(caught.value)


def test_pipe_in_the_place_of_weights_is_not_waited_for(
    file: Path, tmp_path: Path
) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs pipes")
    path = naming(file, tmp_path / "model" / "model.onnx", "pipe")
    os.mkfifo(path.with_name("pipe"))
    with pytest.raises(ModelError, match="its weights lie in 'pipe'"):
        Network.load(path)


@pytest.mark.parametrize("where", ELSEWHERE)
def test_network_to_start_from_names_no_other_file(
    where: str, file: Path, tmp_path: Path
) -> None:
    path = naming(file, tmp_path / "model" / "model.onnx", where)
    with pytest.raises(ModelError, match="its weights lie in "):
        body_of(path)
    with pytest.raises(ModelError, match="its weights lie in "):
        rebuild(path)


def test_network_to_start_from_whose_kernel_is_one_number_is_refused(
    file: Path, tmp_path: Path
) -> None:
    hostile = onnx.load_model(file)
    number = onnx.helper.make_tensor("odd_kernel", onnx.TensorProto.FLOAT, [], [1.0])
    hostile.graph.initializer.append(number)
    path = tmp_path / "model.onnx"
    onnx.save_model(hostile, path)
    for read in (body_of, rebuild):
        with pytest.raises(ModelError, match="no Wide ResNet in float32 or float16"):
            read(path)


def test_command_refuses_weights_in_another_file(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = naming(file, tmp_path / "model" / "model.onnx", "inside.bin")
    Image.new("RGB", (32, 32)).save("photo.png")
    ended = cli.main(["predict", "photo.png", "--model", str(path)])
    assert ended == ModelError.exit_code
    assert "its weights lie in 'inside.bin'" in capsys.readouterr().err


def test_weights_that_are_absent_are_one_line(file: Path, tmp_path: Path) -> None:
    hostile = onnx.load_model(file)
    weights = max(hostile.graph.initializer, key=lambda one: len(one.raw_data))
    weights.ClearField("raw_data")
    weights.dims[:] = [2**20] * len(weights.dims)
    path = tmp_path / "model.onnx"
    path.write_bytes(hostile.SerializeToString())
    with pytest.raises(ModelError, match="is not an ONNX network") as caught:
        Network.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_answers_of_another_shape_are_refused(
    runtime: Runtime, file: Path, tmp_path: Path
) -> None:
    hostile = onnx.load_model(file)
    # One number in the place of 101 would be taken for all of them.
    others = {"age": "gender", "gender": "age"}
    for node in hostile.graph.node:
        node.output[:] = [others.get(name, name) for name in node.output]
    for told in hostile.graph.output:
        told.name = others[told.name]
    path = tmp_path / "model.onnx"
    path.write_bytes(hostile.SerializeToString())
    network = Network.load(path, runtime=runtime)
    with pytest.raises(ModelError, match=r"it answers 2 faces by ages \(2,\)"):
        network.predict(np.zeros((2, 16, 16, 3), np.uint8))


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_network_of_other_faces_than_its_notes_say_is_told_in_one_line(
    runtime: Runtime, file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    shutil.copy(file, path)
    note_in_file(path, {"crop_rule": json.dumps(asdict(CropRule(size=32)))})
    network = Network.load(path, runtime=runtime)
    with pytest.raises(ModelError, match="cannot answer") as caught:
        network.predict(np.zeros((1, 32, 32, 3), np.uint8))
    assert "\n" not in str(caught.value)


def test_place_in_the_notes_of_a_network_is_no_other_file(
    file: Path, tmp_path: Path
) -> None:
    noted = onnx.load_model(file)
    noted.metadata_props.add(key="location", value="Basel")
    path = tmp_path / "model.onnx"
    path.write_bytes(noted.SerializeToString())
    assert Network.load(path).metadata == Network.load(file).metadata


def test_openvino_answers_nearly_the_same_of_the_same_file(
    file: Path, many: NDArray[np.uint8]
) -> None:
    wanted, got = Network.load(file), Network.load(file, runtime="openvino")
    assert got.metadata == wanted.metadata
    assert got.crop_rule == wanted.crop_rule
    before, after = wanted.predict(many), got.predict(many)
    ages = [expected_age(answer.age_probabilities) for answer in (before, after)]
    np.testing.assert_allclose(*ages, atol=0.5)
    np.testing.assert_allclose(
        after.male_probability, before.male_probability, atol=0.02
    )


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_threads_get_the_answers_to_their_own_faces(
    file: Path, many: NDArray[np.uint8], runtime: str
) -> None:
    network = Network.load(file, runtime=runtime, threads=2)  # type: ignore[arg-type]
    wanted = [network.predict(many[i : i + 1]).male_probability for i in range(20)]
    with ThreadPoolExecutor(4) as threads:
        got = threads.map(
            lambda i: network.predict(many[i : i + 1]).male_probability, range(20)
        )
        np.testing.assert_allclose(list(got), wanted, atol=1e-6)


def test_absent_openvino_is_told_with_the_way_to_get_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ConfigError, match=r'pip install "agegender\[openvino\]"'):
        Network.load(file, runtime="openvino")


def test_file_that_openvino_cannot_read_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="not an ONNX network") as caught:
        Network.load(path, runtime="openvino")
    assert "\n" not in str(caught.value)


def test_network_that_wants_more_memory_than_there_is_is_one_line(
    file: Path, tmp_path: Path
) -> None:
    hostile = onnx.load_model(file)
    graph = hostile.graph
    (last,) = (node for node in graph.node if "gender" in node.output)
    last.output[:] = ["inner"]
    # 2 ** 60 numbers, which no machine holds.
    vast = onnx.helper.make_tensor("vast", onnx.TensorProto.INT64, [2], [2**60, 1])
    graph.initializer.append(vast)
    make = onnx.helper.make_node
    graph.node.append(make("Expand", ["inner", "vast"], ["filled"]))
    graph.node.append(make("ReduceMax", ["filled"], ["most"], keepdims=0))
    graph.node.append(make("Mul", ["inner", "most"], ["gender"]))
    path = tmp_path / "model.onnx"
    path.write_bytes(hostile.SerializeToString())
    with pytest.raises(ModelError, match="cannot answer") as caught:
        Network.load(path).predict(np.zeros((1, 16, 16, 3), dtype=np.uint8))
    assert "\n" not in str(caught.value)
