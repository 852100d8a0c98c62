"""The weights of a network in a file, layer by layer."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from agegender.model.files import load_model
from agegender.model.rebuilt import rebuild

LayerWeights = dict[str, list[NDArray[np.float32]]]
"""Layer -> its arrays, in the order of `keras.layers.Layer.weights`."""


def read_layers(path: Path) -> LayerWeights:
    """Read the weights of a network of ours.

    Args:
        path: A `.keras` file, or an `.onnx` file in float32 or float16.

    Raises:
        ModelError: If it is neither, is missing or damaged.
    """
    return layers_of(load_model(path) if path.suffix == ".keras" else rebuild(path))


def layers_of(model: keras.Model) -> LayerWeights:
    """Return the weights of all layers that have any."""
    layers: list[Any] = [layer for layer in model.layers if layer.weights]
    return {layer.name: layer.get_weights() for layer in layers}
