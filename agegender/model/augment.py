"""Random changes to a batch of faces, on the device, in training only.

Each face draws its own changes. Mirroring and shifting only reorder pixels, so
both are one gather by index; brightness and contrast are one multiply and add.
"""

from typing import Any, Self

import keras
from keras import ops

from agegender.config import AugmentConfig


@keras.saving.register_keras_serializable(package="agegender")
class Augment(keras.layers.Layer):  # type: ignore[misc]
    """Mirror, shift, brighten and stretch faces at random.

    Takes faces, uint8 (N, S, S, 3), and returns them as floats, 0..255, of the
    same shape. Outside training they pass unchanged.

    Args:
        flip: Mirror every second face, left and right.
        shift: Largest shift each way, as a share of the side; border pixels are
            repeated.
        brightness: Largest change of brightness, as a share of white.
        contrast: Largest change of contrast around the face's mean, as a share.
        seed: Of all draws.
    """

    def __init__(
        self,
        *,
        flip: bool,
        shift: float,
        brightness: float,
        contrast: float,
        seed: int,
        **layer: Any,
    ) -> None:
        super().__init__(**layer)
        self.flip = flip
        self.shift = shift
        self.brightness = brightness
        self.contrast = contrast
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)

    @classmethod
    def of(cls, config: AugmentConfig, seed: int, precision: str = "float32") -> Self:
        """Make the layer that a configuration describes."""
        return cls(
            flip=config.flip,
            shift=config.shift,
            brightness=config.brightness,
            contrast=config.contrast,
            seed=seed,
            dtype=precision,
            name="augment",
        )

    def call(self, faces: Any, training: bool | None = False) -> Any:
        """Change the faces if `training`, else only cast them."""
        if not training:
            return ops.cast(faces, self.compute_dtype)
        changed = self._relit(ops.cast(self._moved(faces), "float32"))
        return ops.cast(changed, self.compute_dtype)

    def compute_output_shape(self, faces_shape: tuple[int | None, ...]) -> Any:
        """Return the shape, which stays as it is."""
        return faces_shape

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        own = ("flip", "shift", "brightness", "contrast", "seed")
        return super().get_config() | {name: getattr(self, name) for name in own}

    def _draw(self, count: Any, largest: float) -> Any:
        """Draw (count,) numbers within -largest..largest."""
        return keras.random.uniform((count,), -largest, largest, seed=self.draws)

    def _moved(self, faces: Any) -> Any:
        """Mirror and shift by looking each pixel up where it comes from."""
        if not self.flip and not self.shift:
            return faces
        count, side = ops.shape(faces)[0], faces.shape[1]
        rows, columns = self._sources(count, side), self._sources(count, side)
        if self.flip:
            mirrored = self._draw(count, 1.0)[:, None] > 0
            columns = ops.where(mirrored, side - 1 - columns, columns)
        first = ops.arange(count, dtype="int32")[:, None] * side
        pixels = ((first + rows) * side)[:, :, None] + columns[:, None, :]
        return ops.take(ops.reshape(faces, (-1, 3)), pixels, axis=0)

    def _sources(self, count: Any, side: int) -> Any:
        """Return int32 (count, side): the line that each line is taken from."""
        offset = ops.round(self._draw(count, self.shift * side))
        lines = ops.arange(side, dtype="int32") + ops.cast(offset, "int32")[:, None]
        return ops.clip(lines, 0, side - 1)

    def _relit(self, faces: Any) -> Any:
        """Change contrast around each face's mean, then brightness."""
        if not self.brightness and not self.contrast:
            return faces
        count = ops.shape(faces)[0]
        factor = 1.0 + self._draw(count, self.contrast)[:, None, None, None]
        light = 255.0 * self._draw(count, self.brightness)[:, None, None, None]
        mean = ops.mean(faces, axis=(1, 2, 3), keepdims=True)
        return ops.clip(faces * factor + (mean * (1.0 - factor) + light), 0.0, 255.0)
