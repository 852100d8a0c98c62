"""Lanczos resizing, by SIMD where there is a wheel for the machine.

Both ways filter over the whole of what each pixel covers; they round their middle
step differently, by a level or two. See docs/decisions/0004.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

try:
    import cykooz_resizer as simd
except ImportError:  # no wheel for Linux on ARM
    simd = None  # type: ignore[assignment]

RESAMPLER = "pillow" if simd is None else "cykooz-resizer"
"""The package that resizes here."""


def resample(
    patch: NDArray[np.uint8], within: tuple[float, float, float, float], size: int
) -> NDArray[np.uint8]:
    """Resize a square of a picture.

    Args:
        patch: uint8 (H, W, 3).
        within: The square (x1, y1, x2, y2), pixels from the top left corner, right
            and bottom exclusive; fractions of pixels count.
        size: Side of the result, in pixels.

    Returns:
        uint8 (size, size, 3).
    """
    if simd is None:
        return resample_with_pillow(patch, within, size)
    height, width = patch.shape[:2]
    x1, y1, x2, y2 = within
    options = simd.ResizeOptions(
        resize_alg=simd.ResizeAlg.convolution(simd.FilterType.lanczos3),
        crop_box=simd.CropBox(x1, y1, x2 - x1, y2 - y1),
        use_alpha=False,
    )
    kind = simd.PixelType.U8x3
    source = simd.ImageData(width, height, kind, patch.tobytes())
    result = simd.ImageData(size, size, kind)
    simd.Resizer().resize(source, result, options)
    pixels = np.frombuffer(result.get_buffer(), dtype=np.uint8)
    return pixels.reshape(size, size, 3)


def resample_with_pillow(
    patch: NDArray[np.uint8], within: tuple[float, float, float, float], size: int
) -> NDArray[np.uint8]:
    """Do the same with Pillow, which is there on any machine."""
    resized = Image.fromarray(patch).resize(
        (size, size), Image.Resampling.LANCZOS, box=within, reducing_gap=None
    )
    return np.array(resized)
