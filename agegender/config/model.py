"""The network."""

from dataclasses import dataclass
from typing import Literal

from agegender.config.checks import require

Point = Literal["expectation", "median", "mode"]
"""Which age of a distribution is told as the age."""


@dataclass(frozen=True)
class ModelConfig:
    """The Wide Residual Network.

    Args:
        depth: Convolution layers, 6n + 4.
        widen_factor: Width as a multiple of 16, 32 and 64 channels.
        dropout: Share of activations dropped inside a block, 0..1.
        input_norm: Batch norm of the faces themselves.
        pooling: From places to features: `global` mean, mean over windows of `8`
            x 8 as in the paper, or as the `original` experiment had it, a sliding
            8 x 8 mean, all places kept, and two gender outputs.
        age_head: `softmax`, or `ordinal` (older than k, given older than k - 1).
        input_size: Side, in pixels, that faces are shrunk to inside the network, a
            multiple of 4; 0 leaves them as the store has them.
        patch_size: Side, in pixels, of the squares that the first convolution takes
            for one place of the face; 1 as in the paper. 2 sees faces twice as large
            for the arithmetic of the smaller ones.
        point: The age told of a face, and measured: the `expectation` of its age
            distribution, the `median` or the `mode`.
        mirrored: Answer a face and its mirror image and tell the mean, which errs
            less and takes twice as long; training takes no longer.

    Reference: Zagoruyko & Komodakis, BMVC 2016; Shi et al., Pattern Analysis and
    Applications 2023 (CORN).
    """

    depth: int = 16
    widen_factor: int = 8
    dropout: float = 0.0
    input_norm: bool = False
    pooling: Literal["global", "8", 8, "original"] = "global"
    age_head: Literal["softmax", "ordinal"] = "softmax"
    point: Point = "expectation"
    input_size: int = 0
    patch_size: int = 1
    mirrored: bool = False

    def __post_init__(self) -> None:
        # YAML reads 8 as a number.
        object.__setattr__(self, "pooling", str(self.pooling))
        require(
            self.depth >= 10 and (self.depth - 4) % 6 == 0,
            "model.depth must be 6n + 4 (10, 16, 22, 28, ...). "
            f"Received: {self.depth}.",
        )
        require(
            self.input_size >= 0 and self.input_size % 4 == 0,
            "model.input_size must be a multiple of 4, or 0. "
            f"Received: {self.input_size}.",
        )
        require(
            self.patch_size >= 1,
            f"model.patch_size must be at least 1. Received: {self.patch_size}.",
        )
        require(
            self.widen_factor >= 1,
            f"model.widen_factor must be at least 1. Received: {self.widen_factor}.",
        )
        require(
            0.0 <= self.dropout < 1.0,
            f"model.dropout must be within 0..1. Received: {self.dropout}.",
        )
