"""Parts of a picture at another size, by SIMD where there is a wheel for the machine.

Else by Pillow. Both filter over the whole of what each pixel covers. With Lanczos
they round their middle step differently, by a level or two; means of areas differ by
a level at most, save where a pixel's centre lies on the very border of two areas. See
docs/decisions/0004.
"""

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

try:
    import cykooz_resizer as simd
except ImportError:  # no wheel for Linux on ARM
    simd = None  # type: ignore[assignment]

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
Filter = Literal["box", "lanczos"]
"""`box`: each pixel the mean of what it covers. `lanczos`: a window of three lobes."""

_PILLOW: Final = {"box": Image.Resampling.BOX, "lanczos": Image.Resampling.LANCZOS}
_SIMD: Final = {"box": "box", "lanczos": "lanczos3"}


class Picture:
    """A picture, made ready once for however many parts are wanted of it.

    Args:
        pixels: uint8, (H, W, 3), RGB.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._source: Any
        if simd is None:
            self._source = Image.fromarray(pixels)
        else:
            height, width = pixels.shape[:2]
            kind = simd.PixelType.U8x3
            self._source = simd.ImageData(width, height, kind, pixels.tobytes())

    def part(self, box: Box, width: int, height: int, how: Filter) -> Pixels:
        """Return a rectangle of it at another size.

        Args:
            box: Left, top, right, bottom in pixels from the top left corner, ends
                exclusive, inside the picture; fractions of pixels count.
            width: Of the result, in pixels, above 0.
            height: The same.
            how: What a pixel is made of.

        Returns:
            uint8, (height, width, 3).
        """
        if simd is None:
            return np.array(self._source.resize((width, height), _PILLOW[how], box))
        left, top, right, bottom = box
        options = simd.ResizeOptions(
            resize_alg=simd.ResizeAlg.convolution(getattr(simd.FilterType, _SIMD[how])),
            crop_box=simd.CropBox(left, top, right - left, bottom - top),
            use_alpha=False,
        )
        result = simd.ImageData(width, height, simd.PixelType.U8x3)
        simd.Resizer().resize(self._source, result, options)
        return np.frombuffer(result.get_buffer(), np.uint8).reshape(height, width, 3)
