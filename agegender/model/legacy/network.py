"""An old network as one of ours.

The Wide ResNet of the original Keras projects takes raw BGR pixels, 0..255, pools
with a sliding window, keeps all places, and has an output for each gender. Ours can
be built the same way; what differs is folded into the weights: the channels of the
first kernel are turned round, an input norm undoes our rescaling (exactly, also at
the border, where zeros are padded), and variances take up the larger epsilon.

Reference: Zagoruyko & Komodakis, BMVC 2016.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

import keras
import numpy as np

from agegender.config import MAX_AGE, ModelConfig
from agegender.errors import ModelError
from agegender.model.legacy.weights import Array, OldWeights
from agegender.model.wide_resnet import GROUP_CHANNELS, STEM_CHANNELS, build

OLD_EPSILON: Final = 1e-3
"""That Keras 1 and 2 add to a batch norm's variance."""

EPSILON: Final = 1e-5
"""Ours."""

HALF_RANGE: Final = 127.5
"""Pixels are x / 127.5 - 1 after our rescaling."""

AGES, GENDERS = MAX_AGE + 1, 2

Order = Literal["female-male", "male-female"]
Norm = tuple[Array, Array, Array, Array]


def rebuild(old: OldWeights, genders: Order = "female-male") -> keras.Model:
    """Build our network with the weights of an old one.

    Args:
        old: As `read_weights` returns them.
        genders: Which of the two gender outputs is which.

    Returns:
        A model as `wide_resnet.build` makes it, which answers RGB faces as the old
        one answers BGR ones.

    Raises:
        ModelError: If they are not those of a Wide ResNet with two heads.
    """
    config, size = _config(old)
    model = build(config, size, augment=None)
    wanted = dict(_weights(old, genders))
    for layer in model.layers:
        if layer.weights:
            _set(layer, wanted.pop(layer.name))
    return model


def _config(old: OldWeights) -> tuple[ModelConfig, int]:
    """Tell depth, width and size of the faces from the shapes."""
    convolutions, norms = len(old.convolutions), len(old.norms)
    blocks, odd = divmod(convolutions - 1, 2)
    per_group, rest = divmod(blocks, len(GROUP_CHANNELS))
    has_input_norm = norms == 2 * blocks + 2
    if odd or rest or blocks == 0 or norms - 2 * blocks not in {1, 2}:
        raise ModelError(
            "weights of a Wide ResNet have 6n + 1 convolutions and 6n + 1 batch norms, "
            f"or one more before the first. Received: {convolutions} and {norms}."
        )
    if has_input_norm and len(old.norms[0][0]) != 3:
        raise ModelError("the first batch norm must be of the three colours.")
    if set(old.heads) != {AGES, GENDERS}:
        raise ModelError(
            f"the heads must have {AGES} ages and {GENDERS} genders. "
            f"Received: {sorted(old.heads)} outputs."
        )
    channels = old.convolutions[-1].shape[-1]
    widen_factor, uneven = divmod(channels, GROUP_CHANNELS[-1])
    features = len(old.heads[AGES][0])
    side = round((features / max(channels, 1)) ** 0.5)
    if uneven or features == 0 or side * side * channels != features:
        raise ModelError(
            f"{channels} channels and {features} features are none of a Wide ResNet "
            "whose heads see all places."
        )
    config = ModelConfig(
        depth=6 * per_group + 4,
        widen_factor=widen_factor,
        input_norm=True,
        pooling="original",
    )
    return config, 4 * side


def _weights(old: OldWeights, genders: Order) -> Iterator[tuple[str, list[Array]]]:
    """Yield the weights of each of our layers by its name."""
    convolutions, shortcuts = iter(old.convolutions), iter(old.shortcuts)
    norms = iter(old.norms)
    blocks = (len(old.convolutions) - 1) // 6
    colours = next(norms) if len(old.norms) == 6 * blocks + 2 else None
    yield "input_norm", list(_input_norm(colours))
    yield "stem", [next(convolutions)[:, :, ::-1, :]]
    before = STEM_CHANNELS
    for group in range(1, len(GROUP_CHANNELS) + 1):
        for block in range(1, blocks + 1):
            name = f"group{group}_block{block}"
            for number in ("1", "2"):
                yield f"{name}_norm{number}", list(_ours(next(norms)))
                kernel = next(convolutions)
                yield f"{name}_conv{number}", [kernel]
            after = kernel.shape[-1]
            if before != after:
                yield f"{name}_shortcut", [_next(shortcuts)]
            before = after
    if next(shortcuts, None) is not None:
        raise ModelError(
            f"{len(old.shortcuts)} convolutions see one pixel: more than blocks grow "
            "wider."
        )
    yield "final_norm", list(_ours(next(norms)))
    yield "age", list(old.heads[AGES])
    matrix, offset = old.heads[GENDERS]
    order = [0, 1] if genders == "female-male" else [1, 0]
    yield "both_genders", [matrix[:, order], offset[order]]


def _next(shortcuts: Iterator[Array]) -> Array:
    if (kernel := next(shortcuts, None)) is None:
        raise ModelError("a block that grows wider lacks its shortcut.")
    return kernel


def _ours(norm: Norm) -> Norm:
    """Return a norm that does with our epsilon what it did with the old one."""
    scale, offset, mean, variance = norm
    return scale, offset, mean, variance + np.float32(OLD_EPSILON - EPSILON)


def _input_norm(colours: Norm | None) -> Norm:
    """Return the norm that undoes our rescaling, and does the old one's after it."""
    if colours is None:
        scale, offset = np.ones(3), np.zeros(3)
    else:
        gamma, beta, mean, variance = (each[::-1].astype(float) for each in colours)
        scale = gamma / np.sqrt(variance + OLD_EPSILON)
        offset = beta - mean * scale
    # A variance that makes the divisor 1.
    plain = (np.zeros(3), np.full(3, 1.0 - EPSILON))
    vectors = (HALF_RANGE * scale, HALF_RANGE * scale + offset, *plain)
    return tuple(each.astype(np.float32) for each in vectors)  # type: ignore[return-value]


def _set(layer: Any, weights: list[Array]) -> None:
    wanted = [tuple(weight.shape) for weight in layer.weights]
    given = [tuple(array.shape) for array in weights]
    if wanted != given:
        raise ModelError(
            f"{layer.name} takes weights of shapes {wanted}. Received: {given}."
        )
    layer.set_weights(weights)
