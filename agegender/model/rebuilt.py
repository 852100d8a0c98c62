"""From an exported network back to the Keras one that it was written from.

Random changes and dropout are gone, and all weights are float32: what is left is
what answers, and what other formats are made of.
"""

from collections.abc import Container
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from agegender.config import ModelConfig
from agegender.errors import ConfigError, ModelError
from agegender.model.heads import Probabilities
from agegender.model.network import Network
from agegender.model.norm import BatchNorm
from agegender.model.onnx_precision import Parts, parts_of
from agegender.model.wide_resnet import Body, build

_KERAS_OWN = {
    BatchNorm: keras.layers.BatchNormalization,
    Probabilities: keras.layers.Dense,
}


def rebuild(path: Path) -> keras.Model:
    """Build the Keras network of an exported file.

    Args:
        path: As `export_onnx` or `halve_file` wrote it.

    Returns:
        A model as `wide_resnet.build` makes it, with the file's weights.

    Raises:
        ModelError: If it is no ONNX file of ours, or one in int8.
    """
    size, parts = Network.load(path).crop_rule.size, parts_of(path)
    try:
        model = _plain(build(_config(parts), size, augment=None))
        for layer in model.layers:
            layer.set_weights([_weight(parts, layer.name, w) for w in layer.weights])
    except (LookupError, TypeError, ValueError, ConfigError) as error:
        raise ModelError(
            f"{path} cannot be turned back into a Keras network: it is no Wide ResNet "
            "in float32 or float16. Name the one that it was made from."
        ) from error
    return model


def body_of(path: Path) -> Body:
    """Tell the shape of an exported file's network, without building it.

    Nothing is computed by Keras, so that no GPU is taken hold of.

    Raises:
        ModelError: If it is no Wide ResNet of ours in float32 or float16.
    """
    try:
        return _body(parts_of(path))
    except (LookupError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is no Wide ResNet in float32 or float16.") from error


def _body(parts: Parts) -> Body:
    ends = ("_kernel", "_gamma")
    return Body.of_layers(
        {
            name.rpartition("_")[0]: len(values)
            for name, values in parts.weights.items()
            if name.endswith(ends)
        },
        parts.weights["stem_kernel"].shape[-1],
    )


def _plain(model: keras.Model) -> keras.Model:
    """Use Keras' own layers for what ours answer alike, so that it can read them."""

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = _KERAS_OWN.get(type(layer), type(layer))
        return kind.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copied)


def _weight(parts: Parts, layer: str, weight: Any) -> NDArray[np.float32]:
    values = parts.weights[f"{layer}_{weight.name}"]
    # ONNX counts output and input channels before rows and columns.
    return values.transpose(2, 3, 1, 0) if values.ndim == 4 else values


def _config(parts: Parts) -> ModelConfig:
    """Tell the network's shape from the names and shapes of its parts."""
    weights, kinds = parts
    is_ordinal = "age_steps_kernel" in weights
    return ModelConfig(
        **_body(parts)._asdict(),
        pooling=_pooling(weights, kinds),
        age_head="ordinal" if is_ordinal else "softmax",
        input_size=len(weights["shrink_rows"]) if "shrink_rows" in weights else 0,
        mirrored="mirror_columns" in weights,
    )


def _pooling(
    weights: Container[str], kinds: Container[str]
) -> Literal["global", "8", "original"]:
    if "both_genders_kernel" in weights:
        return "original"
    return "8" if "AveragePool" in kinds else "global"
