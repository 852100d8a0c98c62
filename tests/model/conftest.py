"""One tiny network, built once for all tests of the model."""

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import AugmentConfig, ModelConfig
from agegender.model.wide_resnet import build

SIDE = 16


@pytest.fixture(scope="session")
def tiny_network() -> keras.Model:
    """Return WRN-10-1 for 16 px, no weight left at a value that hides mistakes."""
    model = build(ModelConfig(10, 1, dropout=0.3), SIDE, AugmentConfig(), seed=1)
    draws = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draws.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    return model


@pytest.fixture(scope="session")
def some_faces() -> NDArray[np.uint8]:
    """Return 32 faces of noise."""
    draws = np.random.default_rng(0)
    return draws.integers(0, 256, (32, SIDE, SIDE, 3), dtype=np.uint8)
