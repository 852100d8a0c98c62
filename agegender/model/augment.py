"""Random changes to a batch of faces, on the device, in training only.

Each face draws its own changes, from a state that is kept with the weights, so that
a training that goes on draws what it would have drawn. All numbers are drawn, used
or not: to switch one change off leaves the others as they were. Mixing two faces is
no business of this layer: labels change with it, see `agegender.data.mixing`.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import keras
from keras import ops

from agegender.config import AugmentConfig
from agegender.model import lighting, moving
from agegender.model.fused import fused

_WHITE = 255.0
_LEAST_ERASED = 0.02
_LARGEST_ASPECT = 3.0
_DRAWN = (
    *("mirror", "right", "down", "size", "angle"),
    *("contrast", "brightness", "saturation", "red", "green", "blue"),
    *("blurred", "softness"),
    *("erased", "area", "aspect", "row", "column"),
    *("painted_red", "painted_green", "painted_blue"),
)
"""The numbers drawn for a face."""


class _Draws:
    """What a batch drew.

    Args:
        numbers: float32 (N, numbers drawn), evenly within 0..1.
    """

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers

    def within(self, low: float, high: float, *names: str) -> Any:
        """Return numbers of low..high: (N,) for one name, (N, names) for several."""
        columns = [_DRAWN.index(name) for name in names]
        first, past = columns[0], columns[-1] + 1
        found = self._numbers[:, first:past] if names[1:] else self._numbers[:, first]
        return low + (high - low) * found

    def around(self, largest: float, *names: str) -> Any:
        """Return numbers of -largest..largest."""
        return self.within(-largest, largest, *names)

    def hits(self, share: float, name: str) -> Any:
        """Return True for that share of the faces, (N,)."""
        return self.within(0.0, 1.0, name) < share


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
        self._change = fused(self._changed)

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
        shape = (ops.shape(faces)[0], len(_DRAWN))
        return self._change(faces, keras.random.uniform(shape, seed=self.draws))

    def compute_output_shape(self, faces_shape: tuple[int | None, ...]) -> Any:
        """Return the shape, which stays as it is."""
        return faces_shape

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        own = {"settings": asdict(self.config), "seed": self.seed}
        return super().get_config() | own

    def _changed(self, faces: Any, numbers: Any) -> Any:
        """Make the changes that were drawn, without drawing more."""
        draws = _Draws(numbers)
        changed = ops.cast(self._moved(faces, draws), "float32")
        changed = self._softened(self._lit(changed, draws), draws)
        return ops.cast(self._erased(changed, draws), self.compute_dtype)

    def _moved(self, faces: Any, draws: _Draws) -> Any:
        """Mirror, shift, scale and turn by looking up where each pixel comes from."""
        config, side = self.config, faces.shape[1]
        if config.scale or config.rotation:
            return self._turned(faces, draws)
        if not config.flip and not config.shift:
            return faces
        rows, columns = (
            moving.shifted_lines(draws.around(config.shift * side, way), side)
            for way in ("down", "right")
        )
        if config.flip:
            mirrored = draws.hits(0.5, "mirror")[:, None]
            columns = ops.where(mirrored, side - 1 - columns, columns)
        return moving.reordered(faces, rows, columns)

    def _turned(self, faces: Any, draws: _Draws) -> Any:
        config, side = self.config, faces.shape[1]
        # As likely so much larger as so much smaller.
        size = ops.exp(draws.around(math.log1p(config.scale), "size"))
        angle = draws.around(math.radians(config.rotation), "angle")
        right, down = (
            draws.around(config.shift * side, way) for way in ("right", "down")
        )
        mirror: Any = 1.0
        if config.flip:
            mirror = ops.where(draws.hits(0.5, "mirror"), 1.0, -1.0)
        along, aside = ops.cos(angle) * size, ops.sin(angle) * size
        rows, columns = moving.sources(
            (mirror * along, mirror * aside), (-aside, along), (right, down), side
        )
        return moving.between(faces, rows, columns)

    def _lit(self, faces: Any, draws: _Draws) -> Any:
        """Change contrast and brightness, saturation, then single colours."""
        config, lit = self.config, faces
        if config.brightness or config.contrast:
            factor = 1.0 + draws.around(config.contrast, "contrast")
            light = _WHITE * draws.around(config.brightness, "brightness")
            lit = lighting.contrasted(lit, factor, light)
        if config.saturation:
            factor = 1.0 + draws.around(config.saturation, "saturation")
            lit = lighting.saturated(lit, factor)
        if config.colour:
            gains = 1.0 + draws.around(config.colour, "red", "green", "blue")
            lit = lighting.tinted(lit, gains)
        return lit if lit is faces else ops.clip(lit, 0.0, _WHITE)

    def _softened(self, faces: Any, draws: _Draws) -> Any:
        if not self.config.blur:
            return faces
        softness = draws.within(0.0, 1.0, "softness")
        hits = draws.hits(self.config.blur, "blurred")
        return lighting.softened(faces, ops.where(hits, softness, 0.0))

    def _erased(self, faces: Any, draws: _Draws) -> Any:
        if not self.config.erase:
            return faces
        side, largest = float(faces.shape[1]), self.config.erase_area
        area = draws.within(min(_LEAST_ERASED, largest), largest, "area")
        aspect = ops.exp(draws.around(0.5 * math.log(_LARGEST_ASPECT), "aspect"))
        hits = draws.hits(self.config.erase, "erased")
        length = ops.where(hits, side * ops.sqrt(area), 0.0)
        centre = [draws.within(0.0, side, line) for line in ("row", "column")]
        paint = draws.within(
            0.0, _WHITE, "painted_red", "painted_green", "painted_blue"
        )
        return lighting.erased(faces, centre, (length * aspect, length / aspect), paint)
