"""A training that starts from another network's weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from agegender.config import CropRule, Experiment, ModelConfig, TrainingConfig
from agegender.data.store import FaceStore
from agegender.errors import ConfigError, ModelError
from agegender.model.export import export_onnx
from agegender.model.files import save_model
from agegender.model.formats import write_format
from agegender.model.wide_resnet import build
from agegender.train import fit
from agegender.train.lineage import Lineage
from agegender.train.start import Start

SIZE = 16
BODY = ModelConfig(10, 1)


def shaken(model: keras.Model) -> keras.Model:
    """Move every weight, the statistics of the norms included."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        moved = [w * rng.uniform(0.5, 1.5) + 0.01 for w in layer.get_weights()]
        layer.set_weights(moved)
    return model


@pytest.fixture(scope="module", params=["keras", "onnx", "half"])
def start(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Start:
    """Return a network of 16 px, in each of the files that it may be kept in."""
    folder = tmp_path_factory.mktemp("start")
    model = shaken(build(BODY, SIZE, None, seed=5))
    if request.param == "keras":
        return started(save_model(model, folder / "model.keras"))
    file = export_onnx(model, folder / "model.onnx", CropRule(size=SIZE))
    if request.param == "half":
        write_format(file, folder / "half.onnx", "onnx", "float16")
        file = folder / "half.onnx"
    return started(file)


def started(file: Path) -> Start:
    return Start("models:/agegender/3", file, "digest", "64 faces")


def test_network_answers_as_the_one_that_it_starts_from(start: Start) -> None:
    faces = np.random.default_rng(1).integers(0, 256, (8, SIZE, SIZE, 3), np.uint8)
    wanted = shaken(build(BODY, SIZE, None, seed=5)).predict(faces, verbose=0)
    model = build(BODY, SIZE, None, seed=6)
    assert start.give(model, BODY) == ([], 0)
    told = model.predict(faces, verbose=0)
    # The file in float16 has rounded weights.
    np.testing.assert_allclose(told["age"], wanted["age"], atol=1e-4)
    np.testing.assert_allclose(told["gender"], wanted["gender"], atol=2e-3)


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({"age_head": "ordinal"}, ["age_steps"]),
        ({"pooling": "original"}, ["age", "both_genders"]),
        ({"dropout": 0.2, "input_size": 8}, []),
    ],
)
def test_heads_of_another_kind_are_learnt_anew(
    start: Start, changes: dict[str, Any], anew: list[str]
) -> None:
    config = replace(BODY, **changes)
    model, untouched = (build(config, SIZE, None, seed=6) for _ in range(2))
    assert sorted(start.give(model, config).heads_learnt_anew) == anew
    for layer, drawn in zip(model.layers, untouched.layers, strict=True):
        same = [
            np.array_equal(one, other)
            for one, other in zip(layer.get_weights(), drawn.get_weights(), strict=True)
        ]
        assert all(same) if layer.name in anew else not any(same)


def test_squares_of_pixels_begin_as_the_pixels_that_the_other_saw(start: Start) -> None:
    small = np.random.default_rng(1).integers(0, 256, (8, SIZE, SIZE, 3), np.uint8)
    wanted = shaken(build(BODY, SIZE, None, seed=5)).predict(small, verbose=0)
    config = replace(BODY, patch_size=2)
    model = build(config, 2 * SIZE, None, seed=6)
    assert start.give(model, config) == ([], 0)
    doubled = small.repeat(2, axis=1).repeat(2, axis=2)
    told = model.predict(doubled, verbose=0)
    np.testing.assert_allclose(told["age"], wanted["age"], atol=1e-4)


@pytest.mark.parametrize(
    "other", [ModelConfig(16, 1), ModelConfig(10, 2), ModelConfig(10, 1, 0.0, True)]
)
def test_other_body_is_refused_saying_what_to_set(
    start: Start, other: ModelConfig
) -> None:
    model = build(other, SIZE, None)
    first = model.get_weights()
    with pytest.raises(ConfigError) as refused:
        start.give(model, other)
    said = str(refused.value)
    there = (
        "model.depth 10, model.widen_factor 1, model.input_norm false, "
        "model.patch_size 1"
    )
    assert said.startswith(f"training.start_from: models:/agegender/3 has {there}.")
    assert f"Received: model.depth {other.depth}, model.widen_factor" in said
    for before, after in zip(first, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_squares_are_not_taken_apart_again(tmp_path: Path) -> None:
    squares = replace(BODY, patch_size=2)
    file = save_model(build(squares, SIZE, None), tmp_path / "model.keras")
    with pytest.raises(ConfigError, match=r"has .*patch_size 2\. Set that too"):
        started(file).require_fit(BODY)
    started(file).require_fit(squares)


def test_fitting_is_told_without_keras_computing_anything(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for builds in ("load_model", "rebuild"):
        monkeypatch.delattr(f"agegender.train.earlier.{builds}")
    start.require_fit(BODY)
    with pytest.raises(ConfigError):
        start.require_fit(ModelConfig(16, 1))


def test_network_in_int8_is_refused(tmp_path: Path) -> None:
    model = shaken(build(BODY, SIZE, None, seed=5))
    file = export_onnx(model, tmp_path / "model.onnx", CropRule(size=SIZE))
    faces = np.random.default_rng(1).integers(0, 256, (8, SIZE, SIZE, 3), np.uint8)
    write_format(file, tmp_path / "int8.onnx", "onnx", "int8", faces)
    with pytest.raises(ModelError, match="of ours in float32 or float16"):
        started(tmp_path / "int8.onnx").require_fit(BODY)


@pytest.mark.parametrize("content", [b"", b"not a zip archive"])
def test_damaged_keras_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "torn.keras").write_bytes(content)
    with pytest.raises(ModelError, match="of ours in float32 or float16"):
        started(tmp_path / "torn.keras").require_fit(BODY)


def test_encrypted_keras_file_is_refused(tmp_path: Path) -> None:
    file = save_model(build(BODY, SIZE, None), tmp_path / "model.keras")
    content, head = bytearray(file.read_bytes()), 0
    while (head := content.find(b"PK\x01\x02", head + 1)) >= 0:
        content[head + 8] |= 1  # the flag of each member in the directory
    file.write_bytes(content)
    with pytest.raises(ModelError, match="of ours in float32 or float16"):
        started(file).require_fit(BODY)


def test_network_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    faces = keras.Input((SIZE, SIZE, 3))
    foreign = keras.Model(faces, keras.layers.Conv2D(4, 3, name="stem")(faces))
    start = started(save_model(foreign, tmp_path / "foreign.keras"))
    with pytest.raises(ModelError, match="no Wide ResNet of ours"):
        start.give(build(BODY, SIZE, None), BODY)


@pytest.mark.parametrize("groups", [0, 2])
def test_frozen_groups_stay_and_the_others_learn(
    groups: int, tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    first = shaken(build(BODY, SIZE, None, seed=5))
    start = started(save_model(first, tmp_path / "model.keras"))
    training = replace(
        tiny_experiment.training,
        epochs=1,
        ema=0.5,
        start_from=start.name,
        frozen_groups=groups,
    )
    experiment = replace(tiny_experiment, training=training)
    after = fit(experiment, tiny_store, lineage=Lineage(start)).model
    frozen = ("stem", "group1", "group2") if groups else ()
    for layer in first.layers:
        arrays = layer.get_weights()
        now = after.get_layer(layer.name).get_weights()
        for one, other in zip(arrays, now, strict=True):
            assert np.array_equal(one, other) == layer.name.startswith(frozen)


def test_learning_begins_where_the_other_network_stopped(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    first = fit(tiny_experiment, tiny_store)
    start = started(save_model(first.model, tmp_path / "model.keras"))
    slow = replace(
        tiny_experiment,
        optimizer=replace(tiny_experiment.optimizer, learning_rate=1e-9),
        training=replace(tiny_experiment.training, epochs=1),
    )
    best = first.history["val_age_mae"].min()
    again = fit(slow, tiny_store, lineage=Lineage(start)).history["val_age_mae"][0]
    drawn = fit(slow, tiny_store).history["val_age_mae"][0]
    # Norms look at the faces anew, however slowly weights move.
    assert abs(again - best) < 0.2 * abs(drawn - best)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"frozen_groups": 4, "start_from": "starter"}, "within 0..3"),
        ({"frozen_groups": -1, "start_from": "starter"}, "within 0..3"),
        ({"frozen_groups": 1}, "name a model, training.start_from"),
    ],
)
def test_freezing_what_is_not_there_is_refused(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        TrainingConfig(**settings)
