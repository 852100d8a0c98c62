"""How an encoded photo becomes a face: one way for training and for prediction.

A crop is a square around the face box, widened by a margin; beyond the photo's
edge the border pixels are repeated. A picture that is a crop already is the case
in which the square is the picture, so both go through the same few lines.
"""

import numpy as np
from numpy.typing import NDArray

from agegender.config import MAX_PIXELS, CropRule
from agegender.data.photo import decode_shrunk, is_shrunk
from agegender.errors import DataError
from agegender.resizing import Picture

Box = tuple[float, float, float, float]
"""(x1, y1, x2, y2): pixels of the photo from its top left corner, right and bottom
exclusive; may reach beyond the photo."""

LARGEST_CROP = 8.0
"""Side of a crop, in longer sides of its photo, beyond which the box is no face's; of
a ready crop, in its shorter side."""

MAX_CROP_PIXELS = 4 * MAX_PIXELS
"""Pixels of a crop, border and all, beyond which it is not made: 960 MB. The largest
square photo, filled by a face, still fits with a margin of 0.4."""


class BoxError(DataError):
    """A box that holds nothing of its photo, or far more than the photo."""


def decode_face(encoded: bytes, box: Box | None, rule: CropRule) -> NDArray[np.uint8]:
    """Decode as much of a photo as its face needs, and cut the face out.

    Args:
        encoded: The photo's bytes.
        box: Where the face is in the upright photo; None if the picture is a crop.
        rule: Margin and size.

    Returns:
        uint8 (S, S, 3), made of at least twice as many pixels each way, where the
        photo has them.

    Raises:
        BoxError: If the box misses the photo or dwarfs it.
        DataError: If the photo cannot be decoded, or is a crop far from square.
    """
    if box is None:
        return resize_crop(decode_shrunk(encoded, 2 * rule.size).pixels, rule)
    x1, y1, x2, y2 = box
    side = _side(box, rule)
    pixels, factor = decode_shrunk(encoded, 2 * rule.size, across=side)
    shrunk = (x1 / factor, y1 / factor, x2 / factor, y2 / factor)
    return crop_face(pixels, shrunk, rule)


def cut_face(
    encoded: bytes | None, photo: NDArray[np.uint8], box: Box | None, rule: CropRule
) -> NDArray[np.uint8]:
    """Cut a face out of a photo that is decoded already, as `decode_face` would.

    Pixel for pixel the same: a large face in a JPEG is decoded again, at the fraction
    of its size that training saw.

    Args:
        encoded: The photo's bytes; None if there were only pixels.
        photo: uint8 (H, W, 3), decoded from these in full.
        box: Where the face is; None if the picture is a crop.
        rule: Margin and size.

    Returns:
        uint8 (S, S, 3).

    Raises:
        BoxError: If the box misses the photo or dwarfs it.
        DataError: If a crop is far from square.
    """
    across = min(photo.shape[:2]) if box is None else _side(box, rule)
    if encoded is not None and is_shrunk(encoded, 2 * rule.size, across):
        return decode_face(encoded, box, rule)
    return resize_crop(photo, rule) if box is None else crop_face(photo, box, rule)


def crop_face(photo: NDArray[np.uint8], box: Box, rule: CropRule) -> NDArray[np.uint8]:
    """Cut a face out of a photo.

    Args:
        photo: uint8 (H, W, 3).
        box: Of the face.
        rule: Margin and size.

    Returns:
        uint8 (S, S, 3): the square of side (1 + 2 margin) times the box's longer
        side around the box's centre, moved down by the rule's shift.

    Raises:
        BoxError: If the box is empty, misses the photo or dwarfs it.
    """
    x1, y1, x2, y2 = box
    height, width = photo.shape[:2]
    if not (x1 < x2 and y1 < y2 and x1 < width and y1 < height and x2 > 0 and y2 > 0):
        raise BoxError(
            f"face box {box} holds no pixel of a photo of {width} x {height}."
        )
    longer = max(x2 - x1, y2 - y1)
    side = _side(box, rule)
    # Every pixel of the crop takes memory, those beyond the photo too.
    if side > LARGEST_CROP * max(width, height) or side**2 > MAX_CROP_PIXELS:
        raise BoxError(
            f"face box {box} is far larger than its photo of {width} x {height}."
        )
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

    Raises:
        DataError: If it is far from square.
    """
    height, width = photo.shape[:2]
    side = max(width, height)
    if side > LARGEST_CROP * min(width, height) or side**2 > MAX_CROP_PIXELS:
        raise DataError(
            f"picture of {width} x {height} is far from square, and no crop of a face."
        )
    return _square(photo, width / 2, height / 2, side, rule.size)


def contrast(face: NDArray[np.uint8]) -> float:
    """Return the standard deviation of a face's grey levels, 0..127.5.

    The flattest face of UTKFace has about 10, a blank JPEG under 1.
    """
    red, green, blue = np.moveaxis(face.astype(np.int16), -1, 0)
    return float((red + green + blue).std() / 3)


def _side(box: Box, rule: CropRule) -> float:
    x1, y1, x2, y2 = box
    return (1.0 + 2.0 * rule.margin) * max(x2 - x1, y2 - y1)


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
    return Picture(patch).part(within, size, size, "lanczos")


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
