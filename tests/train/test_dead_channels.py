"""Channels that are dead in a network to start from."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from agegender.config import CropRule, Experiment, ModelConfig, TrainingConfig
from agegender.data.store import FaceStore
from agegender.errors import ConfigError
from agegender.model.export import export_onnx
from agegender.model.files import save_model
from agegender.model.wide_resnet import build
from agegender.train import fit, plan
from agegender.train.lineage import Lineage
from agegender.train.start import Start

SIZE = 16
BODY = ModelConfig(16, 2)

DEAD = {
    (1, 3): (["stem"], ["group1_block1_conv1", "group1_block1_shortcut"]),
    (0, 7): (
        ["group1_block1_shortcut", "group1_block1_conv2", "group1_block2_conv2"],
        ["group1_block2_conv1", "group2_block1_conv1", "group2_block1_shortcut"],
    ),
    (5,): (["group2_block1_conv1"], ["group2_block1_conv2"]),
}
"""Channels, and the layers that write and read them."""

NORMS = {
    "group1_block1_norm1": (1, 3),
    "group1_block2_norm1": (0, 7),
    "group2_block1_norm1": (0, 7),
    "group2_block1_norm2": (5,),
}

HALF_DEAD = "group3_block2_conv1", 9  # its reader would hear it


def with_dead_channels() -> keras.Model:
    rng = np.random.default_rng(0)
    model = build(BODY, SIZE, None, seed=5)
    for layer in model.layers:
        layer.set_weights([w * rng.uniform(0.5, 1.5) + 0.01 for w in layer.weights])
    for channels, (writers, readers) in DEAD.items():
        for name in writers:
            silence(model, name, channels)
        for name in readers:
            (kernel,) = model.get_layer(name).get_weights()
            kernel[:, :, list(channels), :] = 0.0
            model.get_layer(name).set_weights([kernel])
    for name, channels in NORMS.items():
        gamma, beta, mean, variance = model.get_layer(name).get_weights()
        beta[list(channels)] = -1.0  # else a reader would hear a constant
        model.get_layer(name).set_weights([gamma, beta, mean, variance])
    silence(model, HALF_DEAD[0], (HALF_DEAD[1],))
    return model


def silence(model: keras.Model, name: str, channels: tuple[int, ...]) -> None:
    (kernel,) = model.get_layer(name).get_weights()
    kernel[..., list(channels)] = 0.0
    model.get_layer(name).set_weights([kernel])


def started(kind: str, folder: Path) -> Start:
    model = with_dead_channels()
    file = folder / f"dead.{kind}"
    if kind == "keras":
        save_model(model, file)
    else:
        export_onnx(model, file, CropRule(size=SIZE))
    return Start("models:/agegender/3", file, "digest", "64 faces")


@pytest.mark.parametrize("kind", ["keras", "onnx"])
def test_dead_channels_begin_anew_and_answers_stay(kind: str, tmp_path: Path) -> None:
    start = started(kind, tmp_path)
    plain, model, drawn = (build(BODY, SIZE, None, seed=6) for _ in range(3))
    assert start.give(plain, BODY) == ([], 0)
    assert start.give(model, BODY, revive=True) == ([], 5)
    faces = np.random.default_rng(1).integers(0, 256, (8, SIZE, SIZE, 3), np.uint8)
    wanted, told = (one.predict(faces, verbose=0) for one in (plain, model))
    for head in wanted:
        np.testing.assert_allclose(told[head], wanted[head], atol=1e-5)

    new: dict[str, list[int]] = {}  # by layer, along the last axis
    for channels, (writers, _) in DEAD.items():
        new |= {name: list(channels) for name in writers}
    new |= {name: list(channels) for name, channels in NORMS.items()}
    for layer in model.layers:
        own = layer.get_weights()
        as_drawn = drawn.get_layer(layer.name).get_weights()
        as_given = plain.get_layer(layer.name).get_weights()
        for one, first, other in zip(own, as_drawn, as_given, strict=True):
            chosen = np.isin(np.arange(one.shape[-1]), new.get(layer.name, []))
            np.testing.assert_array_equal(one[..., chosen], first[..., chosen])
            np.testing.assert_array_equal(one[..., ~chosen], other[..., ~chosen])


@pytest.mark.parametrize("revive", [False, True])
def test_dead_channels_learn_only_once_revived(
    revive: bool, tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    start = started("keras", tmp_path)
    training = replace(
        tiny_experiment.training, start_from=start.name, revive_channels=revive
    )
    experiment = replace(tiny_experiment, model=BODY, training=training)
    lineage = Lineage(start)
    told = plan(experiment, tiny_store, lineage)
    assert told.channels_revived == (5 if revive else 0)
    learnt = fit(experiment, tiny_store, lineage=lineage).model
    for channels, (_, readers) in DEAD.items():
        for name in readers:
            (kernel,) = learnt.get_layer(name).get_weights()
            assert (np.abs(kernel[:, :, list(channels)]).max() > 0.0) == revive


def test_what_cannot_be_revived_is_refused() -> None:
    with pytest.raises(ConfigError, match="starts from nothing: name a model"):
        TrainingConfig(revive_channels=True)
    with pytest.raises(ConfigError, match="false where groups are frozen"):
        TrainingConfig(start_from="starter", revive_channels=True, frozen_groups=1)
