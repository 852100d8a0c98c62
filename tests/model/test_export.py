import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from agegender.config import CropRule, ModelConfig
from agegender.errors import ModelError
from agegender.model.calibration import Calibration
from agegender.model.export import export_onnx, network_of_keras, note_in_file
from agegender.model.files import save_model
from agegender.model.network import Network
from agegender.model.wide_resnet import build

RULE = CropRule(margin=0.25, size=16)


@pytest.fixture(scope="session")
def exported(
    tiny_network: keras.Model, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the tiny network as an ONNX file."""
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    return export_onnx(tiny_network, path, RULE, {"run": "r1"})


def test_exported_network_answers_as_the_keras_model(
    exported: Path, tiny_network: keras.Model, some_faces: NDArray[np.uint8]
) -> None:
    wanted = tiny_network.predict(some_faces, verbose=0)
    got = Network.load(exported, threads=1).predict(some_faces)
    np.testing.assert_allclose(got.age_probabilities, wanted["age"], atol=1e-5)
    np.testing.assert_allclose(got.male_probability, wanted["gender"][:, 0], atol=1e-5)


def test_many_exports_in_one_process_trace_nothing_anew(
    tiny_network: keras.Model, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow's own warning")
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for number in range(6):
            export_onnx(tiny_network, tmp_path / f"{number}.onnx", RULE)
    finally:
        logger.removeHandler(caplog.handler)
    assert [one.getMessage() for one in caplog.records] == []


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(10, 1, pooling="8", age_head="ordinal", input_norm=True),
        ModelConfig(10, 1, pooling="original"),
        ModelConfig(10, 1, input_size=28),
        ModelConfig(10, 1, input_size=36, patch_size=3),
        ModelConfig(10, 1, pooling="original", input_size=28, mirrored=True),
    ],
)
def test_every_head_and_pooling_is_exported(
    config: ModelConfig, tmp_path: Path
) -> None:
    model = build(config, 40, None, seed=1)
    path = export_onnx(model, tmp_path / "model.onnx", CropRule(size=40))
    draws = np.random.default_rng(0)
    faces = draws.integers(0, 256, (8, 40, 40, 3), dtype=np.uint8)
    wanted = model.predict(faces, verbose=0)
    got = Network.load(path, threads=1).predict(faces)
    assert wanted["age"].std() > 1e-3
    np.testing.assert_allclose(got.age_probabilities, wanted["age"], atol=1e-5)
    np.testing.assert_allclose(got.male_probability, wanted["gender"][:, 0], atol=1e-5)


def test_calibration_travels_in_the_file_and_corrects_answers(
    exported: Path, some_faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    shutil.copy(exported, path)
    plain = Network.load(path, threads=1)
    calibration = Calibration(age_temperature=2.0, gender_temperature=0.5)
    for _ in range(2):  # again, as it would be fitted anew
        note_in_file(path, {"calibration": calibration.to_json()})
    fitted = Network.load(path, threads=1)
    assert fitted.calibration == calibration
    assert fitted.metadata["run"] == "r1"
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    before, after = plain.predict(some_faces), fitted.predict(some_faces)
    np.testing.assert_allclose(
        after.age_probabilities, calibration.of_ages(before.age_probabilities)
    )
    assert np.abs(after.male_probability - before.male_probability).max() > 1e-3


def test_file_says_which_age_is_told(
    exported: Path, tiny_network: keras.Model, tmp_path: Path
) -> None:
    path = export_onnx(tiny_network, tmp_path / "m.onnx", RULE, point="median")
    assert Network.load(path).point == "median"
    assert Network.load(exported).point == "expectation"


def test_file_with_an_unknown_way_to_tell_ages_is_refused(
    exported: Path, tmp_path: Path
) -> None:
    model = onnx.load(exported)
    for entry in model.metadata_props:
        if entry.key == "agegender.point":
            entry.value = "midpoint"
    onnx.save(model, tmp_path / "odd.onnx")
    with pytest.raises(
        ModelError, match="tells ages by 'midpoint'; known are expectation"
    ):
        Network.load(tmp_path / "odd.onnx")


def test_batches_do_not_change_answers(
    exported: Path, some_faces: NDArray[np.uint8]
) -> None:
    network = Network.load(exported, threads=1)
    whole, parts = network.predict(some_faces), network.predict(some_faces, 5)
    np.testing.assert_allclose(
        whole.age_probabilities, parts.age_probabilities, atol=1e-6
    )


def test_no_faces_get_no_answers(exported: Path) -> None:
    answers = Network.load(exported).predict(np.empty((0, 16, 16, 3), np.uint8))
    assert answers.age_probabilities.shape == (0, 101)
    assert answers.male_probability.shape == (0,)


def test_metadata_come_back(exported: Path) -> None:
    network = Network.load(exported)
    assert network.crop_rule == RULE
    assert network.metadata["run"] == "r1"


def test_graph_holds_neither_random_changes_nor_dropout(exported: Path) -> None:
    graph = onnx.load(exported).graph
    kinds = {node.op_type for node in graph.node}
    assert kinds <= {
        *("Cast", "Transpose", "Mul", "Add", "Conv", "BatchNormalization", "Relu"),
        *("GlobalAveragePool", "Flatten", "Gemm", "Softmax", "Sigmoid"),
        *("Squeeze", "Identity"),
    }
    assert [node.op_type for node in graph.node].count("Transpose") == 1


def test_export_leaves_one_file(exported: Path) -> None:
    assert [path.name for path in exported.parent.iterdir()] == ["model.onnx"]


def test_network_trained_in_bfloat16_exports_too(tmp_path: Path) -> None:
    model = build(ModelConfig(10, 1), 16, None, 0, "mixed_bfloat16")
    path = export_onnx(model, tmp_path / "model.onnx", RULE)
    kernels = onnx.load(path).graph.initializer
    floats = {k.data_type for k in kernels if not k.name.endswith("_axis")}
    assert floats == {onnx.TensorProto.FLOAT}


def test_rule_of_another_size_is_refused(
    tiny_network: keras.Model, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="takes faces of 16 px"):
        export_onnx(tiny_network, tmp_path / "model.onnx", CropRule(size=64))


def test_unknown_layer_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    faces = keras.Input((16, 16, 3), dtype="uint8")
    floats = keras.layers.Rescaling(1.0, name="rescale")(faces)
    odd = keras.layers.UpSampling2D(name="odd")(floats)
    with pytest.raises(ModelError, match="odd cannot be exported: UpSampling2D"):
        export_onnx(keras.Model(faces, {"age": odd}), tmp_path / "model.onnx", RULE)
    assert list(tmp_path.iterdir()) == []


def dilated(network: keras.Model) -> keras.Model:
    """Return a network whose first convolution skips pixels, as none of ours does."""

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        skips = {"dilation_rate": 3} if layer.name == "stem" else {}
        return type(layer).from_config(layer.get_config() | skips)

    copy = keras.models.clone_model(network, clone_function=copied)
    copy.set_weights(network.get_weights())
    return copy


def unsound(network: keras.Model) -> keras.Model:
    """Return a network that answers no numbers."""
    copy = keras.models.clone_model(network)
    copy.set_weights([np.full_like(one, np.nan) for one in network.get_weights()])
    return copy


@pytest.mark.parametrize(
    ("change", "told"),
    [(dilated, "differs from its source"), (unsound, "answers no probabilities")],
)
def test_file_that_answers_another_way_is_not_written(
    change: Callable[[keras.Model], keras.Model], told: str, tmp_path: Path
) -> None:
    network = change(build(ModelConfig(10, 1), 16, None, seed=1))
    with pytest.raises(ModelError, match=told):
        export_onnx(network, tmp_path / "model.onnx", RULE)
    assert list(tmp_path.iterdir()) == []


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no network at .*none\.onnx"):
        Network.load(tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_file_that_is_not_onnx_is_refused_in_one_line(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not an ONNX network") as caught:
        Network.load(path)
    assert "\n" not in str(caught.value)


def test_keras_file_of_both_ways_round_is_one_of_ours(
    some_faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    size = some_faces.shape[1]
    model = build(ModelConfig(10, 1, mirrored=True), size, augment=None)
    file = save_model(model, tmp_path / "both.keras")
    told = network_of_keras(file, CropRule(size=size)).predict(some_faces)
    wanted = model.predict(some_faces, verbose=0)["age"]
    np.testing.assert_allclose(told.age_probabilities, wanted, atol=1e-4)


def test_network_of_somebody_else_is_refused(exported: Path, tmp_path: Path) -> None:
    other = onnx.load(exported)
    del other.metadata_props[:]
    onnx.save_model(other, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="not one of ours"):
        Network.load(tmp_path / "other.onnx")


@pytest.mark.parametrize(
    ("written", "told"),
    [(b"[" * 10**5, "not one of ours"), (b'["f\xffmale"]', "its metadata are no text")],
)
def test_notes_that_cannot_be_read_are_refused_in_one_line(
    written: bytes, told: str, exported: Path, tmp_path: Path
) -> None:
    other = onnx.load(exported)
    properties = {p.key: p.value for p in other.metadata_props}
    place = "?" * len(written)
    onnx.helper.set_model_props(other, properties | {"agegender.genders": place})
    path = tmp_path / "other.onnx"
    path.write_bytes(other.SerializeToString().replace(place.encode(), written))
    with pytest.raises(ModelError, match=told) as caught:
        Network.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("other", [{"size": 16.0}, {"colour": "bgr"}])
def test_faces_cut_as_nobody_here_does_are_refused(
    other: dict[str, Any], exported: Path, tmp_path: Path
) -> None:
    network = onnx.load(exported)
    properties = {p.key: p.value for p in network.metadata_props}
    rule = json.dumps(asdict(RULE) | other)
    onnx.helper.set_model_props(network, properties | {"agegender.crop_rule": rule})
    onnx.save_model(network, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="readable crop rule"):
        Network.load(tmp_path / "other.onnx")


def test_other_gender_order_is_refused(exported: Path, tmp_path: Path) -> None:
    other = onnx.load(exported)
    properties = {p.key: p.value for p in other.metadata_props}
    onnx.helper.set_model_props(
        other, properties | {"agegender.genders": '["male", "female"]'}
    )
    onnx.save_model(other, tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="orders genders"):
        Network.load(tmp_path / "other.onnx")


@pytest.mark.parametrize(
    "faces", [np.zeros((1, 16, 16, 3), np.float32), np.zeros((1, 8, 8, 3), np.uint8)]
)
def test_faces_of_another_kind_are_refused(
    exported: Path, faces: NDArray[np.uint8]
) -> None:
    with pytest.raises(ModelError, match=r"uint8 faces of shape \(N, 16, 16, 3\)"):
        Network.load(exported).predict(faces)


def test_running_a_network_loads_no_training_framework() -> None:
    code = (
        "import sys, agegender.model.network; "
        "print(sorted({'keras', 'tensorflow', 'jax', 'mlflow'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    assert found.stdout.strip() == "[]"
