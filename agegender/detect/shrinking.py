"""Small pictures of parts of a photo: each pixel the mean of what it covers.

By SIMD where there is a wheel for the machine, else by Pillow. Both count a pixel
where its centre lies, and differ by a level of 255 at most, save where a centre lies
on the very border of two areas.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

try:
    import cykooz_resizer as simd
except ImportError:  # no wheel for Linux on ARM
    simd = None  # type: ignore[assignment]

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]


class Photo:
    """A photo of which many small pictures are wanted.

    Args:
        pixels: uint8, (H, W, 3), RGB.
    """

    def __init__(self, pixels: Pixels) -> None:
        self.height, self.width = pixels.shape[:2]
        self._pixels = pixels
        self._source = _source(pixels)

    def shrunk(self, width: int, height: int) -> Pixels:
        """Return the whole of it.

        Args:
            width: Of the result, in pixels, above 0.
            height: The same.

        Returns:
            uint8, (height, width, 3).
        """
        return _shrunk(self._source, (0, 0, self.width, self.height), width, height)

    def cut(self, box: Box, side: int) -> Pixels:
        """Return a rectangle of it as a square; beyond the photo is black.

        Args:
            box: Left, top, right, bottom in pixels, ends exclusive.
            side: Of the result, in pixels.

        Returns:
            uint8, (side, side, 3).
        """
        left, top, right, bottom = box
        if min(left, top) >= 0 and right <= self.width and bottom <= self.height:
            return _shrunk(self._source, box, side, side)
        patch = np.zeros((bottom - top, right - left, 3), np.uint8)
        rows = slice(max(top, 0), max(min(bottom, self.height), 0))
        columns = slice(max(left, 0), max(min(right, self.width), 0))
        inside = self._pixels[rows, columns]
        down, across = rows.start - top, columns.start - left
        height, width = inside.shape[:2]
        patch[down : down + height, across : across + width] = inside
        whole = (0, 0, right - left, bottom - top)
        return _shrunk(_source(patch), whole, side, side)


def _source(pixels: Pixels) -> Any:
    if simd is None:
        return Image.fromarray(pixels)
    height, width = pixels.shape[:2]
    return simd.ImageData(width, height, simd.PixelType.U8x3, pixels.tobytes())


def _shrunk(source: Any, box: Box, width: int, height: int) -> Pixels:
    if simd is None:
        return np.asarray(source.resize((width, height), Image.Resampling.BOX, box))
    left, top, right, bottom = box
    options = simd.ResizeOptions(
        resize_alg=simd.ResizeAlg.convolution(simd.FilterType.box),
        crop_box=simd.CropBox(left, top, right - left, bottom - top),
        use_alpha=False,
    )
    result = simd.ImageData(width, height, simd.PixelType.U8x3)
    simd.Resizer().resize(source, result, options)
    return np.frombuffer(result.get_buffer(), np.uint8).reshape(height, width, 3)
