"""Drawing in face units on a picture."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from agegender.data.sample.curves import Points
from agegender.data.sample.pose import Pose

Colour: TypeAlias = NDArray[np.float64]
"""(3,) red, green, blue, 0..255."""


def rgb(*channels: float) -> Colour:
    """Return a colour of three channels, 0..255."""
    return np.array(channels, dtype=np.float64)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return first with a share of second, 0..1, stirred in."""
    return first + (second - first) * share


def ink(colour: Colour) -> tuple[int, int, int]:
    """Return a colour as whole channels within 0..255."""
    red, green, blue = colour.tolist()
    return _channel(red), _channel(green), _channel(blue)


def _channel(value: float) -> int:
    return max(0, min(255, int(value)))


SMALL_BLUR = 1.5
"""Radius, in pixels of a mask, below which the kind of blur is not to be seen."""


class Brush:
    """Draws on one picture as one pose places things.

    Args:
        image: RGB picture, changed in place.
        pose: Where face units lie in it.
    """

    def __init__(self, image: Image.Image, pose: Pose) -> None:
        self.image = image
        self.pose = pose
        self._draw = ImageDraw.Draw(image)

    def polygon(self, points: Points, colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self.pose.place(points).ravel().tolist(), fill=ink(colour))

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """Draw a line of a width in face units."""
        pixels = self.pose.place(points).ravel().tolist()
        thick = max(1, round(width * self.pose.unit))
        self._draw.line(pixels, fill=ink(colour), width=thick)

    def glaze(
        self,
        shapes: Sequence[Points],
        colour: Colour,
        opacity: float,
        blur: float,
        width: float | None = None,
    ) -> None:
        """Lay see-through, soft-edged shapes over the picture.

        Args:
            shapes: Polygons, or lines where `width` is given.
            colour: Of all shapes.
            opacity: 0..1.
            blur: Softness of the edge, face units.
            width: Of lines, face units.
        """
        # One call for all shapes: there are dozens, each of a few points.
        together = self.pose.place(np.concatenate(shapes))
        box = self._bounds(together, pad=(3 * blur + (width or 0.0)) * self.pose.unit)
        if box is None or opacity <= 0:
            return
        left, top, right, bottom = box
        # Half the pixels are enough for a soft edge, and four times as quick.
        half = ((right - left + 1) // 2, (bottom - top + 1) // 2)
        pixels = ((together - (left, top)) / 2).ravel().tolist()
        mask = Image.new("L", half)
        thick = max(1, round((width or 0.0) * self.pose.unit / 2))
        fill = min(255, round(255 * opacity))
        draw = ImageDraw.Draw(mask)
        for part in _parted(pixels, shapes):
            if width is None:
                draw.polygon(part, fill=fill)
            else:
                draw.line(part, fill=fill, width=thick)
        mask = mask.filter(_softener(blur * self.pose.unit / 2))
        mask = mask.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        self.image.paste(ink(colour), box, mask)

    def inlay(self, outline: Points, texture: Image.Image, reach: float) -> None:
        """Fill a polygon with a picture that covers -reach..reach face units."""
        pixels = self.pose.place(outline)
        box = self._bounds(pixels, pad=1.0)
        if box is None:
            return
        left, top, right, bottom = box
        size = (right - left, bottom - top)
        scale = texture.width / (2 * reach)
        a, b, c, d, e, f = (v * scale for v in self.pose.unplace(left, top))
        middle = reach * scale
        skin = texture.transform(
            size,
            Image.Transform.AFFINE,
            (a, b, c + middle, d, e, f + middle),
            Image.Resampling.BILINEAR,
        )
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon((pixels - [left, top]).ravel().tolist(), fill=255)
        self.image.paste(skin, box, mask)

    def _bounds(self, points: Points, pad: float) -> tuple[int, int, int, int] | None:
        left, top = points.min(axis=0).tolist()
        right, bottom = points.max(axis=0).tolist()
        box = (
            max(0, math.floor(left - pad)),
            max(0, math.floor(top - pad)),
            min(self.image.width, math.ceil(right + pad)),
            min(self.image.height, math.ceil(bottom + pad)),
        )
        return box if box[0] < box[2] and box[1] < box[3] else None


def _parted(flat: list[float], shapes: Sequence[Points]) -> Iterator[list[float]]:
    """Yield x, y, x, y, ... of each shape out of those of all."""
    start = 0
    for shape in shapes:
        stop = start + 2 * len(shape)
        yield flat[start:stop]
        start = stop


def _softener(radius: float) -> ImageFilter.MultibandFilter:
    """Return a blur; for small radii one that is as good to the eye and quicker."""
    if radius < SMALL_BLUR:
        return ImageFilter.BoxBlur(radius)
    return ImageFilter.GaussianBlur(radius)
