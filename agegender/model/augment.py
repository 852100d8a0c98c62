"""Random changes to a batch of faces, on the device, in training only.

Each face draws its own changes, from a state that is kept with the weights, so that
a training that goes on draws what it would have drawn. What is set to nothing draws
nothing. Mixing two faces is no business of this layer: labels change with it, see
`agegender.data.mixing`.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import keras
from keras import ops

from agegender.config import AugmentConfig
from agegender.model import lighting, moving

_WHITE = 255.0
_LEAST_ERASED = 0.02
_LARGEST_ASPECT = 3.0


@keras.saving.register_keras_serializable(package="agegender")
class Augment(keras.layers.Layer):  # type: ignore[misc]
    """Move, light, soften and erase faces at random.

    Takes faces, uint8 (N, S, S, 3), and returns them as floats, 0..255, of the
    same shape. Outside training they pass unchanged. Where `side` is set, faces in
    training come out as (N, side, side, 3); a step compiled before stays as it was.

    Args:
        settings: Those of `AugmentConfig`, by name.
        seed: Of all draws.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int, **layer: Any) -> None:
        super().__init__(**layer)
        self.config = AugmentConfig(**settings)
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)
        self.side = 0

    @classmethod
    def of(cls, config: AugmentConfig, seed: int, precision: str = "float32") -> Self:
        """Make the layer that a configuration describes."""
        return cls(asdict(config), seed, dtype=precision, name="augment")

    def call(self, faces: Any, training: bool | None = False) -> Any:
        """Change the faces if `training`, else only cast them."""
        if not training:
            return ops.cast(faces, self.compute_dtype)
        if 0 < self.side < faces.shape[1]:
            faces = moving.shrunk(faces, self.side)
        changed = ops.cast(self._moved(faces), "float32")
        changed = self._erased(self._softened(self._lit(changed)))
        return ops.cast(changed, self.compute_dtype)

    def compute_output_shape(self, faces_shape: tuple[int | None, ...]) -> Any:
        """Return the shape, which stays as it is."""
        return faces_shape

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        own = {"settings": asdict(self.config), "seed": self.seed}
        return super().get_config() | own

    def _draw(self, like: Any, low: float, high: float, columns: int = 0) -> Any:
        """Draw a number a face, (N,), or a row of them, (N, columns)."""
        shape = (ops.shape(like)[0], *([columns] if columns else []))
        return keras.random.uniform(shape, low, high, seed=self.draws)

    def _around(self, like: Any, largest: float, columns: int = 0) -> Any:
        return self._draw(like, -largest, largest, columns)

    def _hits(self, like: Any, share: float) -> Any:
        """Draw 1 for that share of the faces, 0 for the others."""
        return ops.cast(self._draw(like, 0.0, 1.0) < share, "float32")

    def _moved(self, faces: Any) -> Any:
        """Mirror, shift, scale and turn by looking up where each pixel comes from."""
        config = self.config
        if config.scale or config.rotation:
            return self._turned(faces)
        if not config.flip and not config.shift:
            return faces
        rows, columns = self._shifted_lines(faces), self._shifted_lines(faces)
        if config.flip:
            mirrored = self._around(faces, 1.0)[:, None] > 0
            columns = ops.where(mirrored, faces.shape[1] - 1 - columns, columns)
        return moving.reordered(faces, rows, columns)

    def _shifted_lines(self, faces: Any) -> Any:
        """Return int32 (N, S): the line that each line is taken from."""
        side = faces.shape[1]
        offset = ops.round(self._around(faces, self.config.shift * side))
        lines = ops.arange(side, dtype="int32") + ops.cast(offset, "int32")[:, None]
        return ops.clip(lines, 0, side - 1)

    def _turned(self, faces: Any) -> Any:
        config, side = self.config, faces.shape[1]
        # As likely so much larger as so much smaller.
        largest = math.log1p(config.scale)
        size = ops.exp(self._around(faces, largest))
        angle = self._around(faces, math.radians(config.rotation))
        shift = [self._around(faces, config.shift * side) for _ in range(2)]
        mirror: Any = 1.0
        if config.flip:
            mirror = ops.where(self._around(faces, 1.0) > 0, 1.0, -1.0)
        along, aside = ops.cos(angle) * size, ops.sin(angle) * size
        rows, columns = moving.sources(
            (mirror * along, mirror * aside),
            (-aside, along),
            (shift[0], shift[1]),
            side,
        )
        return moving.between(faces, rows, columns)

    def _lit(self, faces: Any) -> Any:
        """Change contrast and brightness, saturation, then single colours."""
        config, lit = self.config, faces
        if config.brightness or config.contrast:
            factor = 1.0 + self._around(faces, config.contrast)
            light = _WHITE * self._around(faces, config.brightness)
            lit = lighting.contrasted(lit, factor, light)
        if config.saturation:
            factor = 1.0 + self._around(faces, config.saturation)
            lit = lighting.saturated(lit, factor)
        if config.colour:
            lit = lighting.tinted(lit, 1.0 + self._around(faces, config.colour, 3))
        return lit if lit is faces else ops.clip(lit, 0.0, _WHITE)

    def _softened(self, faces: Any) -> Any:
        if not self.config.blur:
            return faces
        amount = self._hits(faces, self.config.blur) * self._draw(faces, 0.0, 1.0)
        return lighting.softened(faces, amount)

    def _erased(self, faces: Any) -> Any:
        if not self.config.erase:
            return faces
        side, largest = faces.shape[1], self.config.erase_area
        area = self._draw(faces, min(_LEAST_ERASED, largest), largest)
        aspect = ops.exp(0.5 * self._around(faces, math.log(_LARGEST_ASPECT)))
        length = side * self._hits(faces, self.config.erase) * ops.sqrt(area)
        centre = [self._draw(faces, 0.0, float(side)) for _ in range(2)]
        colour = self._draw(faces, 0.0, _WHITE, 3)
        return lighting.erased(
            faces, centre, (length * aspect, length / aspect), colour
        )
