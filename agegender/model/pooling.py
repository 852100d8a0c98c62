"""From a picture of features to a row of features."""

from typing import Any

import keras

from agegender.errors import ConfigError

WINDOW = 8


def pooled(features: Any, pooling: str) -> Any:
    """Pool the last group's output.

    Args:
        features: (N, side, side, channels).
        pooling: `global`, `8` or `original`, as `ModelConfig` says.

    Returns:
        float32 (N, channels), or as many times the channels as places are left.

    Raises:
        ConfigError: If a window does not fit into the picture.
    """
    if pooling == "global":
        layer = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")
        return layer(features)
    side = int(features.shape[1])
    if pooling == "8" and side < WINDOW:
        raise ConfigError(
            f"model.pooling 8 takes windows of {WINDOW} x {WINDOW} places. Faces of "
            f"this size leave {side} x {side}: give faces {WINDOW / side:g} times as "
            "large, a smaller model.patch_size, or another pooling."
        )
    sliding = pooling == "original"
    means = keras.layers.AveragePooling2D(
        WINDOW,
        strides=1 if sliding else WINDOW,
        padding="same" if sliding else "valid",
        dtype="float32",
        name="pool",
    )
    return keras.layers.Flatten(dtype="float32", name="flatten")(means(features))
