"""From an encoded photo to upright RGB.

JPEGs, which nearly all photos are, are decoded by libjpeg-turbo without Pillow's
detours, and at a fraction of their size where that is all that is needed. Whatever
is unusual (other formats, other colours, turned or damaged ones) is left to Pillow,
which gives the same pixels, only later.
"""

import io
import re
import struct
import zlib
from typing import Final, NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from agegender.config import MAX_PIXELS
from agegender.data.remarks import leave_out_remarks
from agegender.data.scans import refuse_endless_scans
from agegender.errors import DataError, first_line

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""Formats decoded in this process; others (EPS) would start foreign programs."""

EXTENSIONS: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
)
"""What files of these formats are called, in lower case."""

_FRACTIONS: Final = (8, 4, 2)
"""1/8, 1/4, 1/2: those that libjpeg-turbo has fast code for."""

_JPEG, _NOTES_MARKER = b"\xff\xd8", b"\xff\xe1"
_NOTES_WITHIN: Final = 2**16
"""Notes (EXIF, XMP) come before the picture; none of them is longer."""

BROKEN_PICTURE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow raises on broken files; it has no error of its own for them."""


class Shrunk(NamedTuple):
    """A photo, perhaps decoded at a fraction of its size."""

    pixels: NDArray[np.uint8]  # (H, W, 3), RGB, upright
    factor: int  # 1, 2, 4 or 8: pixels of the photo to one of these


def decode_photo(encoded: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Decode a photo to upright RGB.

    Args:
        encoded: The file's bytes: JPEG, PNG, WebP, BMP, GIF or TIFF.
        max_pixels: Pixels of the largest photo that is decoded at all.

    Returns:
        uint8 (H, W, 3), RGB, turned as its EXIF orientation asks; transparent
        parts are white.

    Raises:
        DataError: If the bytes are no picture, are cut short or hold too many pixels.
    """
    return decode_shrunk(encoded, None, max_pixels=max_pixels).pixels


def decode_shrunk(
    encoded: bytes,
    at_least: int | None,
    across: float | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Shrunk:
    """Decode a photo, a JPEG at 1/2, 1/4 or 1/8 of its size where that is enough.

    Args:
        encoded: The file's bytes, as for `decode_photo`.
        at_least: How many pixels must be left; None for all.
        across: Of how many pixels of the photo; of its shorter side if not given.
        max_pixels: Pixels of the largest photo that is decoded at all.

    Raises:
        DataError: If the bytes are no picture, are cut short, hold too many pixels or
            go over them too often.
    """
    if encoded.startswith(_JPEG):
        refuse_endless_scans(encoded)
    fast = _decode_plain_jpeg(encoded, at_least, across, max_pixels)
    return fast or _decode_any(encoded, at_least, across, max_pixels)


def upright_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Return an image's pixels, uint8 (H, W, 3), as `decode_photo` would."""
    leave_out_remarks()
    return np.array(_as_rgb(_upright(image)))


def is_shrunk(encoded: bytes, at_least: int, across: float) -> bool:
    """Tell whether `decode_shrunk` may decode a photo at a fraction of its size."""
    return encoded.startswith(_JPEG) and _factor(at_least, across) > 1


def _decode_plain_jpeg(
    encoded: bytes, at_least: int | None, across: float | None, max_pixels: int
) -> Shrunk | None:
    """Decode an upright JPEG of ordinary colours; None for all else."""
    if not encoded.startswith(_JPEG) or _is_turned(encoded):
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(encoded)
        if colours in {"CMYK", "YCCK"} or width * height > max_pixels:
            return None
        factor = _factor(at_least, across or min(height, width))
        pixels = simplejpeg.decode_jpeg(
            encoded,
            min_height=-(-height // factor),
            min_width=-(-width // factor),
            min_factor=factor,
        )
    except ValueError:  # damaged, if only a little: Pillow may know better
        return None
    return Shrunk(pixels, factor)


def _is_turned(encoded: bytes) -> bool:
    """Tell whether a JPEG's notes ask for it to be turned."""
    if _NOTES_MARKER not in encoded[:_NOTES_WITHIN]:
        return False
    leave_out_remarks()
    try:
        with Image.open(io.BytesIO(encoded), formats=("JPEG",)) as image:
            return _orientation(image) != 1
    except BROKEN_PICTURE:
        return True  # let Pillow say what is wrong


def _decode_any(
    encoded: bytes, at_least: int | None, across: float | None, max_pixels: int
) -> Shrunk:
    leave_out_remarks()
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise _too_large(f"{width} x {height}", max_pixels)
            # Turned, a fraction's last line would lie first and shift the rest.
            if at_least is not None and _orientation(image) == 1:
                factor = _factor(at_least, across or min(width, height))
                image.draft(None, (width // factor, height // factor))
            factor = -(-width // image.width)
            return Shrunk(upright_rgb(image), factor)
    except UnidentifiedImageError as error:
        # Its own words tell where in memory the bytes lie.
        raise DataError(
            f"photo of {len(encoded)} bytes cannot be decoded: it is none of "
            f"{', '.join(FORMATS)}."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow refuses far larger ones itself, and names its own limit after the size.
        most = min(max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or max_pixels))
        size = re.search(r"\d+", str(error))
        raise _too_large(size[0] if size else "too many", most) from error
    except BROKEN_PICTURE as error:
        reason = first_line(error)
        raise DataError(
            f"photo of {len(encoded)} bytes cannot be decoded: {reason.rstrip('.')}."
        ) from error


def _too_large(told: str, most: int) -> DataError:
    return DataError(f"photo of {told} pixels; at most {most:,}. Give a smaller one.")


def _factor(at_least: int | None, across: float) -> int:
    if at_least is None:
        return 1
    fit = (factor for factor in _FRACTIONS if across >= factor * at_least)
    return next(fit, 1)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (SyntaxError, ValueError, TypeError, LookupError, struct.error):
        # Only the notes beside the picture are broken: take it as it lies.
        return 1


def _upright(image: Image.Image) -> Image.Image:
    return image if _orientation(image) == 1 else ImageOps.exif_transpose(image)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey: Pillow would cut them off at 255 instead of scaling.
        grey = np.asarray(image, dtype=np.int64) >> 8
        return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
