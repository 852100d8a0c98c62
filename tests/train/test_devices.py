"""One training on two devices: virtual ones, since a test has no two GPUs."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from agegender.errors import ConfigError
from agegender.train import chosen_devices
from agegender.train.devices import require_clips_alike, spread_over

PROJECT = Path(__file__).parents[2]
TWO_CPUS = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}

SCRIPT = """
import json, sys

import keras
import numpy as np
import pandas as pd

from agegender.config import *
from agegender.errors import ConfigError
from agegender.model.files import save_model
from agegender.model.wide_resnet import build
from agegender.train import chosen_devices, fit
from agegender.train.lineage import Lineage
from agegender.train.start import Start
from agegender.train.teachers import Teacher

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)


class Store:
    draws = np.random.default_rng(0)
    faces = draws.integers(0, 255, (81, 16, 16, 3), np.uint8)
    labels = pd.DataFrame(
        {"age": draws.uniform(1, 99, 81), "gender": draws.integers(0, 2, 81)}
    )

    def rows(self, split):
        # Batches of 16: the last for validation is a single face.
        return np.arange(64) if split == "train" else np.arange(64, 81)


first = save_model(build(ModelConfig(10, 1), 16, None, seed=9), "first.keras")
there = ("first.keras", first, "", "")
lineage = Lineage(Start(*there), (Teacher(*there),))


def _sum(model, layer):
    return float(np.abs(model.get_layer(layer).get_weights()[0]).sum())


def trained(devices):
    experiment = Experiment(
        model=ModelConfig(10, 1),
        augment=AugmentConfig(flip=False, shift=0.0, brightness=0.0, contrast=0.0),
        optimizer=OptimizerConfig(learning_rate=0.02),
        training=TrainingConfig(
            *(2, 16), precision="float32", ema=0.8, start_from="first.keras",
            frozen_groups=1,
        ),
    )
    done = fit(experiment, Store(), devices=devices, lineage=lineage)
    done.model.predict_on_batch(Store.faces[:3])
    return {
        "history": done.history.to_dict("list"),
        "frozen": _sum(done.model, "group1_block1_conv2"),
        "learnt": _sum(done.model, "group3_block1_conv2"),
    }


try:
    chosen_devices(2, 15)
except ConfigError as error:
    refused = str(error)
found = [chosen_devices(0, 16), chosen_devices(1, 16)]
print(json.dumps([found, refused, trained(1), trained(2)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_learn_what_one_does(backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    chosen = {"KERAS_BACKEND": backend, "PYTHONPATH": str(PROJECT)} | TWO_CPUS
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | chosen,
    )
    assert done.returncode == 0, done.stderr
    found, refused, one, two = json.loads(done.stdout.splitlines()[-1])
    assert found == [["cpu:0", "cpu:1"], ["cpu:0"]]
    assert "2 devices cannot share a batch evenly. Received: " in refused
    for name in ("loss", "age_mae", "gender_accuracy", "val_age_mae", "val_cs5"):
        assert two["history"][name] == pytest.approx(one["history"][name], rel=1e-4)
    # A face without labels, put in to make the shares even, counts as no loss.
    whole = [value * 17 / 18 for value in one["history"]["val_loss"]]
    assert two["history"]["val_loss"] == pytest.approx(whole, rel=1e-3)
    assert two["frozen"] == one["frozen"]
    assert two["learnt"] == pytest.approx(one["learnt"], rel=1e-4)


def test_more_devices_than_there_are_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"sees cpu:0\. Received: 9"):
        chosen_devices(9, 64)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX clips the whole gradient"
)
def test_gradients_that_each_device_would_clip_on_its_own_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"clip_norm must be 0 .* Received: 0\.5"):
        require_clips_alike(["gpu:0", "gpu:1"], 0.5)
    require_clips_alike(["gpu:0"], 0.5)
    require_clips_alike(["gpu:0", "gpu:1"], 0.0)


def test_single_device_changes_nothing() -> None:
    with spread_over(["cpu:0"]):
        pass
