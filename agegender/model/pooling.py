"""From a picture of features to a row of features."""

from typing import Any

import keras

WINDOW = 8


def pooled(features: Any, pooling: str) -> Any:
    """Pool the last group's output.

    Args:
        features: (N, side, side, channels), at least as many places as a window.
        pooling: `global`, `8` or `original`, as `ModelConfig` says.

    Returns:
        float32 (N, channels), or as many times the channels as places are left.
    """
    if pooling == "global":
        layer = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")
        return layer(features)
    sliding = pooling == "original"
    means = keras.layers.AveragePooling2D(
        WINDOW,
        strides=1 if sliding else WINDOW,
        padding="same" if sliding else "valid",
        dtype="float32",
        name="pool",
    )
    return keras.layers.Flatten(dtype="float32", name="flatten")(means(features))
