"""From a chunk of encoded photos to faces.

A chunk knows which rows it holds, so that it does not matter who decodes it, when.
"""

import math
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.config import CropRule
from agegender.data.duplicates import OF_FILE
from agegender.data.faces import Box, BoxError, contrast, decode_face
from agegender.data.listing import Chunk
from agegender.errors import DataError

MISSING, UNDECODABLE = "missing_file", "undecodable"
OFF_PHOTO = "box_off_photo"
BLANK, NEAR_UNIFORM = "blank", "near_uniform"
REASONS: Final = (MISSING, UNDECODABLE, OFF_PHOTO, BLANK, NEAR_UNIFORM)
"""Why a photo is set aside; rules at the end of the funnel."""

ONE_TONE: Final = 1.0
"""Contrast below which a picture is of one tone, but for what JPEG adds."""


class Part(NamedTuple):
    """What became of one chunk."""

    positions: NDArray[np.int64]  # (n,), of the chunk
    reasons: tuple[str, ...]  # n, empty where all is well
    digests: tuple[str, ...]  # n, of photo and box, empty where missing
    faces: NDArray[np.uint8]  # (m, S, S, 3), only those without a reason


def decode_chunk(chunk: Chunk, rule: CropRule, min_contrast: float) -> Part:
    """Decode the photos of a chunk.

    Args:
        chunk: Positions, encoded photos, boxes.
        rule: Margin and size of the faces.
        min_contrast: Least contrast of a face that shows something.

    Returns:
        The faces, and for each photo why it has none.
    """
    outcomes = [
        _decode_one(photo, box, rule, min_contrast)
        for photo, box in zip(chunk.photos, boxes_of(chunk), strict=True)
    ]
    reasons, digests, faces = zip(*outcomes, strict=True)
    fit = [face for face in faces if face is not None]
    empty = np.empty((0, rule.size, rule.size, 3), dtype=np.uint8)
    return Part(chunk.positions, reasons, digests, np.stack(fit) if fit else empty)


def boxes_of(chunk: Chunk) -> list[Box | None]:
    """Return the box of each photo, None where the picture is the crop itself."""
    if chunk.boxes is None:
        return [None] * len(chunk.positions)
    boxes: list[Box] = [tuple(box) for box in chunk.boxes.tolist()]
    return [None if math.isnan(sum(box)) else box for box in boxes]


def _decode_one(
    photo: bytes | None, box: Box | None, rule: CropRule, min_contrast: float
) -> tuple[str, str, NDArray[np.uint8] | None]:
    if photo is None:
        return MISSING, "", None
    reason, face = _cut(photo, box, rule, min_contrast)
    return reason, _digest(photo, box), face


def _digest(photo: bytes, box: Box | None) -> str:
    # Half of SHA-256 tells any two files apart and halves the column.
    whole = sha256(photo)
    file = whole.hexdigest()[:32]
    if box is None:
        return file
    # Two faces of one photo are no duplicates, but stay recognised as of one photo.
    whole.update(repr(box).encode())
    return file[:OF_FILE] + whole.hexdigest()[: 32 - OF_FILE]


def _cut(
    photo: bytes, box: Box | None, rule: CropRule, min_contrast: float
) -> tuple[str, NDArray[np.uint8] | None]:
    try:
        face = decode_face(photo, box, rule)
    except BoxError:
        return OFF_PHOTO, None
    except DataError:
        return UNDECODABLE, None
    shown = contrast(face)
    if shown < min_contrast:
        return BLANK if shown < ONE_TONE else NEAR_UNIFORM, None
    return "", face
