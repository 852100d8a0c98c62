"""Each format, written from an ONNX file, read back and asked."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import CropRule, ExportFormat, ModelConfig, Precision
from agegender.errors import ModelError
from agegender.model.calibration import Calibration
from agegender.model.export import export_onnx, note_in_file
from agegender.model.formats import note_in, open_format, write_format
from agegender.model.network import Network
from agegender.model.rebuilt import rebuild
from agegender.model.wide_resnet import build

RULE = CropRule(margin=0.25, size=16)


@pytest.fixture(scope="module")
def source(tiny_network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tiny network as a calibrated ONNX file."""
    path = tmp_path_factory.mktemp("source") / "source.onnx"
    export_onnx(tiny_network, path, RULE, {"run": "r1"})
    calibration = Calibration(age_temperature=1.5, gender_temperature=0.7)
    note_in_file(path, {"calibration": calibration.to_json()})
    return path


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(10, 1),
        ModelConfig(16, 2, pooling="8", age_head="ordinal", input_norm=True),
        ModelConfig(10, 1, pooling="original"),
        ModelConfig(10, 1, input_size=32, patch_size=2),
        ModelConfig(10, 1, mirrored=True),
    ],
)
def test_network_is_rebuilt_from_its_file(config: ModelConfig, tmp_path: Path) -> None:
    model = build(config, 40, None, seed=1)
    path = export_onnx(model, tmp_path / "model.onnx", CropRule(size=40))
    again = rebuild(path)
    assert again.name == model.name
    assert [layer.name for layer in again.layers] == [
        layer.name for layer in model.layers
    ]
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("float32", 1e-5), pytest.param("int8", 2e-2, marks=pytest.mark.slow)],
)
def test_network_that_changes_its_faces_answers_alike_as_litert(
    some_faces: NDArray[np.uint8],
    tmp_path: Path,
    precision: Precision,
    tolerance: float,
) -> None:
    # From dark to bright, so that what is shrunk wrongly is answered otherwise.
    faces = (some_faces // 8 + np.linspace(0, 220, 32)[:, None, None, None]).astype(
        "u1"
    )
    config = ModelConfig(10, 1, input_size=16, patch_size=2, mirrored=True)
    model = build(config, RULE.size, None, seed=1)
    source, path = export_onnx(model, tmp_path / "m.onnx", RULE), tmp_path / "m.tflite"
    write_format(source, path, "litert", precision, faces)
    network = Network.load(source, threads=1)
    wanted = network.predict(faces).age_probabilities
    got = open_format(path, "litert", network).predict(faces)
    np.testing.assert_allclose(got.age_probabilities, wanted, atol=tolerance)
    np.testing.assert_allclose(got.age_probabilities.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("form", "precision", "name", "tolerance"),
    [
        ("onnx", "float32", "m.onnx", 1e-5),
        ("keras", "float32", "m.keras", 1e-5),
        ("litert", "float32", "m.tflite", 1e-5),
        pytest.param(*("litert", "float16", "m.tflite", 5e-3), marks=pytest.mark.slow),
        pytest.param(*("litert", "int8", "m.tflite", 5e-2), marks=pytest.mark.slow),
        pytest.param(*("saved-model", "float32", "m", 1e-5), marks=pytest.mark.slow),
    ],
)
def test_format_answers_as_its_source_and_says_what_it_is(
    source: Path,
    some_faces: NDArray[np.uint8],
    tmp_path: Path,
    form: ExportFormat,
    precision: Precision,
    name: str,
    tolerance: float,
) -> None:
    path, network = tmp_path / name, Network.load(source, threads=1)
    write_format(source, path, form, precision, some_faces)
    note_in(path, form, network.metadata | {"precision": precision})
    got, wanted = (
        asked.predict(some_faces)
        for asked in (open_format(path, form, network), network)
    )
    for ours, theirs in zip(got, wanted, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=tolerance)
    notes = _notes(path)
    assert notes["precision"] == precision
    assert notes["run"] == "r1"
    assert notes["genders"] == ["female", "male"]
    assert CropRule(**notes["crop_rule"]) == RULE
    assert Calibration(**notes["calibration"]) == network.calibration


def _notes(path: Path) -> dict:
    if path.is_dir():
        return json.loads((path / "assets.extra" / "agegender.json").read_text())
    if path.suffix == ".onnx":
        told = Network.load(path).metadata
        parsed = ("genders", "crop_rule", "calibration")
        return told | {name: json.loads(told[name]) for name in parsed}
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("agegender.json"))


def test_nothing_is_made_from_int8(source: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.onnx"
    small.write_bytes(source.read_bytes())
    note_in_file(small, {"precision": "int8"})
    with pytest.raises(ModelError, match="is in int8, from which nothing finer"):
        write_format(small, tmp_path / "big.onnx", "onnx", "float32")


def test_keras_file_holds_layers_of_keras_alone(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    write_format(source, path, "keras", "float32")
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    layers = config["config"]["layers"]
    assert {layer["module"] for layer in layers} == {"keras.layers"}
    assert {layer["registered_name"] for layer in layers} == {None}
