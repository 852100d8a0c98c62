"""The Wide Residual Network, from raw faces to ages and genders.

Batch norm and ReLU come before each convolution, so that the sum of a block
passes on untouched. Everything a face needs on the way in (random changes in
training, rescaling) happens inside, so no caller can forget it. Layers have
stable names: `group2_block1_conv1`.

Reference: Zagoruyko & Komodakis, BMVC 2016.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import keras

from agegender.config import AugmentConfig, ModelConfig
from agegender.errors import UnfitError
from agegender.model.augment import Augment
from agegender.model.heads import age_head, gender_head
from agegender.model.mirrored import MeanOfBoth, WithMirrorImages
from agegender.model.norm import BatchNorm
from agegender.model.pooling import WINDOW, pooled
from agegender.model.shrink import Shrink

GROUP_CHANNELS = (16, 32, 64)
GROUP_STRIDES = (1, 2, 2)
STEM_CHANNELS = 16
KERNEL = 3


class Body(NamedTuple):
    """What decides the shapes of all weights but the heads'."""

    depth: int
    widen_factor: int
    input_norm: bool
    patch_size: int

    @classmethod
    def of(cls, config: ModelConfig) -> Self:
        """Return that of a network to be built."""
        return cls(
            config.depth, config.widen_factor, config.input_norm, config.patch_size
        )

    @classmethod
    def of_layers(cls, channels: Mapping[str, int], stem: int) -> Self:
        """Tell it from what `build` made of it.

        Args:
            channels: Layer -> how many channels leave it, of all that have weights.
            stem: Side of the first convolution's kernel, in pixels.

        Raises:
            KeyError: If the layers are not those of such a network.
        """
        blocks = sum(bool(_FIRST_GROUP.fullmatch(name)) for name in channels)
        last = channels[f"group{len(GROUP_CHANNELS)}_block1_conv1"]
        widen_factor = last // GROUP_CHANNELS[-1]
        has_norm = "input_norm" in channels
        return cls(6 * blocks + 4, widen_factor, has_norm, stem // KERNEL)

    def __str__(self) -> str:
        """Write it as settings."""
        return (
            f"model.depth {self.depth}, model.widen_factor {self.widen_factor}, "
            f"model.input_norm {str(self.input_norm).lower()}, "
            f"model.patch_size {self.patch_size}"
        )


_FIRST_GROUP = re.compile(r"group1_block\d+_conv1")


def blocks_per_group(config: ModelConfig) -> int:
    """Return n of depth = 6n + 4."""
    return (config.depth - 4) // 6


def build(
    config: ModelConfig,
    size: int,
    augment: AugmentConfig | None,
    seed: int = 0,
    precision: str = "float32",
) -> keras.Model:
    """Build the network.

    Args:
        config: Depth, width, dropout, pooling, heads, mirror images.
        size: Side of the faces, in pixels, a multiple of 4 patches.
        augment: Random changes to faces, active in training only; None for none.
        seed: Of first weights, dropout and random changes.
        precision: Keras dtype policy of all layers but the heads, which are float32.

    Returns:
        A model from `faces`, uint8 (N, size, size, 3) RGB, to a dict of `age`,
        float32 (N, 101) probabilities, and `gender`, float32 (N, 1) probability
        of male.

    Raises:
        UnfitError: If the faces are too small for the pooling or the input size,
            or are no whole number of patches.
    """
    require_fit(config, size)
    layers = _Layers(seed, precision, config.dropout)
    faces = keras.Input((size, size, 3), dtype="uint8", name="faces")
    features = faces
    if augment is not None:
        features = Augment.of(augment, layers.seed_of("augment"), precision)(features)
    if config.mirrored:
        features = WithMirrorImages(dtype=precision, name="mirror")(features)
    if config.input_size:
        features = layers.shrink(config.input_size)(features)
    features = layers.rescale()(features)
    if config.input_norm:
        features = layers.norm("input_norm")(features)
    features = layers.stem(config.patch_size)(features)
    features = layers.groups(features, config)
    features = layers.norm_relu("final", features)
    pooling = str(config.pooling)
    features = pooled(features, pooling)
    outputs = {
        "age": age_head(features, config.age_head, layers.seed_of("age")),
        "gender": gender_head(features, pooling, layers.seed_of("gender")),
    }
    if config.mirrored:
        outputs = {
            name: MeanOfBoth(dtype="float32", name=f"mean_{name}")(answer)
            for name, answer in outputs.items()
        }
    name = f"wrn_{config.depth}_{config.widen_factor}"
    return keras.Model(faces, outputs, name=name)


def require_fit(config: ModelConfig, size: int) -> None:
    """Make sure that a network can be built for faces of a size.

    Args:
        config: Of the network.
        size: Side of the faces, in pixels.

    Raises:
        UnfitError: If the faces are too small for the pooling or the input size,
            or are no whole number of patches.
    """
    if config.input_size > size:
        raise UnfitError(
            f"model.input_size must be at most the faces' {size} px. "
            f"Received: {config.input_size}."
        )
    side, multiple = config.input_size or size, 4 * config.patch_size
    if config.patch_size > 1 and side % multiple:
        raise UnfitError(
            f"model.patch_size {config.patch_size} needs faces whose side is a "
            f"multiple of {multiple} px; model.input_size shrinks them to one. "
            f"Received: {side} px."
        )
    places = -(-side // multiple)
    if str(config.pooling) == "8" and places < WINDOW:
        raise UnfitError(
            f"model.pooling 8 takes windows of {WINDOW} x {WINDOW} places. Faces of "
            f"this size leave {places} x {places}: give faces {WINDOW / places:g} "
            "times as large, a smaller model.patch_size, or another pooling."
        )


@dataclass(frozen=True)
class _Layers:
    """Makes the layers of one network.

    Args:
        seed: Of the whole network; each layer draws from its own, by name, so that
            adding a layer leaves the first weights of the others as they were.
        precision: Keras dtype policy.
        dropout: Share of activations dropped between the convolutions of a block.
    """

    seed: int
    precision: str
    dropout: float

    def seed_of(self, name: str) -> int:
        return zlib.crc32(f"{self.seed}/{name}".encode()) & 0x7FFFFFFF

    def shrink(self, side: int) -> Any:
        return Shrink(side, dtype=self.precision, name="shrink")

    def rescale(self) -> Any:
        """Map 0..255 to -1..1."""
        return keras.layers.Rescaling(
            1 / 127.5, offset=-1.0, dtype=self.precision, name="rescale"
        )

    def stem(self, patch_size: int) -> Any:
        """See each place and the eight around it, all pixels of each."""
        return self.conv("stem", STEM_CHANNELS, KERNEL * patch_size, patch_size)

    def conv(
        self, name: str, channels: int, kernel: int = KERNEL, stride: int = 1
    ) -> Any:
        return keras.layers.Conv2D(
            channels,
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(self.seed_of(name)),
            dtype=self.precision,
            name=name,
        )

    def norm(self, name: str) -> Any:
        # Keras' own momentum, 0.99, would need more steps than a short run has.
        return BatchNorm(momentum=0.9, epsilon=1e-5, dtype=self.precision, name=name)

    def norm_relu(self, name: str, features: Any, number: str = "") -> Any:
        norm = self.norm(f"{name}_norm{number}")
        relu = keras.layers.ReLU(dtype=self.precision, name=f"{name}_relu{number}")
        return relu(norm(features))

    def groups(self, features: Any, config: ModelConfig) -> Any:
        """Add all blocks; the first of a group is where channels and sides change."""
        groups = zip(GROUP_CHANNELS, GROUP_STRIDES, strict=True)
        for group, (channels, stride) in enumerate(groups, 1):
            for block in range(1, blocks_per_group(config) + 1):
                features = self.block(
                    f"group{group}_block{block}",
                    features,
                    channels * config.widen_factor,
                    stride if block == 1 else 1,
                )
        return features

    def block(self, name: str, features: Any, channels: int, stride: int) -> Any:
        """Add two convolutions to their own input."""
        active = self.norm_relu(name, features, "1")
        shortcut = features
        if stride != 1 or features.shape[-1] != channels:
            shortcut = self.conv(f"{name}_shortcut", channels, 1, stride)(active)
        inner = self.conv(f"{name}_conv1", channels, KERNEL, stride)(active)
        inner = self.norm_relu(name, inner, "2")
        if self.dropout:
            inner = keras.layers.Dropout(
                self.dropout,
                seed=self.seed_of(f"{name}_dropout"),
                dtype=self.precision,
                name=f"{name}_dropout",
            )(inner)
        inner = self.conv(f"{name}_conv2", channels)(inner)
        add = keras.layers.Add(dtype=self.precision, name=f"{name}_add")
        return add([inner, shortcut])
