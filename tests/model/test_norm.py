"""Our batch norm computes what Keras' own computes."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from agegender.model.norm import BatchNorm

FEATURES = np.random.default_rng(0).normal(2.0, 3.0, (4, 5, 6, 7)).astype(np.float32)


def norms(dtype: str = "float32") -> tuple[BatchNorm, keras.layers.Layer]:
    made = []
    for kind in (BatchNorm, keras.layers.BatchNormalization):
        layer = kind(momentum=0.9, epsilon=1e-5, dtype=dtype)
        layer.build(FEATURES.shape)
        layer.gamma.assign(np.linspace(0.5, 2.0, 7))
        layer.beta.assign(np.linspace(-1.0, 1.0, 7))
        made.append(layer)
    return made[0], made[1]


def values(layer: keras.layers.Layer) -> list[Any]:
    return [ops.convert_to_numpy(weight) for weight in layer.weights]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 2e-2)]
)
def test_features_are_normalised_as_keras_does(
    training: bool, dtype: str, tolerance: float
) -> None:
    ours, plain = norms(dtype)
    found, wanted = (
        ops.convert_to_numpy(ops.cast(layer(FEATURES, training=training), "float32"))
        for layer in (ours, plain)
    )
    np.testing.assert_allclose(found, wanted, atol=tolerance, rtol=tolerance)


def test_running_statistics_are_those_that_keras_keeps() -> None:
    ours, plain = norms()
    for _ in range(3):
        ours(FEATURES, training=True)
        plain(FEATURES, training=True)
    for found, wanted in zip(values(ours), values(plain), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_frozen_norm_remembers_nothing() -> None:
    ours, _ = norms()
    ours.trainable = False
    before = values(ours)
    ours(FEATURES, training=True)
    for found, wanted in zip(values(ours), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_training_takes_the_steps_that_it_takes_with_keras_own_norm() -> None:
    targets = np.random.default_rng(1).normal(size=FEATURES.shape).astype(np.float32)
    trained = []
    for layer in norms():
        model = keras.Sequential([keras.Input(FEATURES.shape[1:]), layer])
        model.compile(keras.optimizers.SGD(0.5), "mse")
        for _ in range(3):
            model.train_on_batch(FEATURES, targets)
        trained.append(values(layer))
    for found, wanted in zip(*trained, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "settings", [{"scale": False}, {"center": False}, {"axis": 1}, {"renorm": True}]
)
def test_what_the_kernel_does_not_offer_is_left_to_keras(
    settings: dict[str, Any],
) -> None:
    ours, plain = BatchNorm(**settings), keras.layers.BatchNormalization(**settings)
    found, wanted = (
        ops.convert_to_numpy(layer(FEATURES, training=True)) for layer in (ours, plain)
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
