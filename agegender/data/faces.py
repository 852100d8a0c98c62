"""How an encoded photo becomes a face: one way for training and for prediction.

A crop is a square around the face box, widened by a margin; beyond the photo's
edge the border pixels are repeated. A picture that is a crop already is the case
in which the square is the picture, so both go through the same few lines.
"""

import io
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from agegender.config import CropRule
from agegender.errors import DataError

MAX_PIXELS: Final = 80_000_000
"""Largest photo accepted; a file of a few bytes may claim to be far larger."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""Formats decoded in this process; others (EPS) would start foreign programs."""

MIN_CONTRAST: Final = 4.0
"""Standard deviation of grey, of 255, below which a picture shows nothing. The
flattest face of UTKFace has about 10, a blank JPEG under 1."""

_BROKEN_PICTURE: Final = (
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


def decode_photo(encoded: bytes, at_least: int | None = None) -> NDArray[np.uint8]:
    """Decode a photo to upright RGB.

    Args:
        encoded: The file's bytes: JPEG, PNG, WebP, BMP, GIF or TIFF.
        at_least: If given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as
            long as both sides keep this many pixels; much faster for large photos.

    Returns:
        uint8 (H, W, 3), RGB, turned as its EXIF orientation asks; transparent
        parts are white.

    Raises:
        DataError: If the bytes are no picture, are cut short or hold too many pixels.
    """
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise DataError(
                    f"photo of {width} x {height} pixels; at most {MAX_PIXELS}."
                )
            if at_least is not None:
                image.draft(None, (at_least, at_least))
            return np.array(_as_rgb(_upright(image)))
    except _BROKEN_PICTURE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"photo of {len(encoded)} bytes cannot be decoded: {reason}."
        ) from error


def crop_face(
    photo: NDArray[np.uint8], box: tuple[float, float, float, float], rule: CropRule
) -> NDArray[np.uint8]:
    """Cut a face out of a photo.

    Args:
        photo: uint8 (H, W, 3).
        box: (x1, y1, x2, y2) of the face, pixels from the top left corner, right
            and bottom exclusive; may reach beyond the photo.
        rule: Margin and size.

    Returns:
        uint8 (S, S, 3): the square of side (1 + 2 margin) times the box's longer
        side around the box's centre, moved down by the rule's shift.

    Raises:
        DataError: If the box is empty or misses the photo.
    """
    x1, y1, x2, y2 = box
    height, width = photo.shape[:2]
    if not (x1 < x2 and y1 < y2 and x1 < width and y1 < height and x2 > 0 and y2 > 0):
        raise DataError(
            f"face box {box} holds no pixel of a photo of {width} x {height}."
        )
    longer = max(x2 - x1, y2 - y1)
    side = (1.0 + 2.0 * rule.margin) * longer
    y = (y1 + y2) / 2 + rule.shift * longer
    return _square(photo, (x1 + x2) / 2, y, side, rule.size)


def resize_crop(photo: NDArray[np.uint8], rule: CropRule) -> NDArray[np.uint8]:
    """Resize a picture that is a crop already.

    Args:
        photo: uint8 (H, W, 3), with the rule's margin around the face; made square
            by repeating the border of the shorter side.
        rule: Size.

    Returns:
        uint8 (S, S, 3).
    """
    height, width = photo.shape[:2]
    return _square(photo, width / 2, height / 2, max(width, height), rule.size)


def is_blank(face: NDArray[np.uint8]) -> bool:
    """Tell whether a picture, uint8 (H, W, 3), is of one tone and shows nothing."""
    return bool(face.mean(axis=2).std() < MIN_CONTRAST)


def _square(
    photo: NDArray[np.uint8], x: float, y: float, side: float, size: int
) -> NDArray[np.uint8]:
    """Cut the square of that side around (x, y) and resize it."""
    # Rounded to a ten-thousandth of a pixel, so that a square which is the picture
    # but for the last bit of a float takes no border.
    left, top = round(x - side / 2, 4), round(y - side / 2, 4)
    right, bottom = round(x + side / 2, 4), round(y + side / 2, 4)
    first_x, first_y = int(np.floor(left)), int(np.floor(top))
    last_x, last_y = int(np.ceil(right)), int(np.ceil(bottom))

    patch = _with_border(photo, first_x, first_y, last_x, last_y)
    within = (left - first_x, top - first_y, right - first_x, bottom - first_y)
    resized = Image.fromarray(patch).resize(
        (size, size), Image.Resampling.LANCZOS, box=within, reducing_gap=None
    )
    return np.array(resized)


def _with_border(
    photo: NDArray[np.uint8], x1: int, y1: int, x2: int, y2: int
) -> NDArray[np.uint8]:
    """Cut whole pixels, repeating the photo's border where it ends."""
    height, width = photo.shape[:2]
    if min(x1, y1) >= 0 and x2 <= width and y2 <= height:
        return np.ascontiguousarray(photo[y1:y2, x1:x2])
    columns = np.clip(np.arange(x1, x2), 0, width - 1)
    rows = np.clip(np.arange(y1, y2), 0, height - 1)
    return photo[rows[:, None], columns[None, :]]


def _upright(image: Image.Image) -> Image.Image:
    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except (SyntaxError, ValueError, TypeError, LookupError, struct.error):
        # Only the notes beside the picture are broken: take it as it lies.
        return image


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
