"""From a chunk of encoded photos to faces.

A chunk knows which rows it holds, so that it does not matter who decodes it, when.
"""

import os
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.config import CropRule
from agegender.data.faces import decode_photo, is_blank, resize_crop
from agegender.data.listing import Chunk
from agegender.errors import DataError

MISSING, UNDECODABLE, BLANK = "missing_file", "undecodable", "blank"
REASONS: Final = (MISSING, UNDECODABLE, BLANK)
"""Why a photo is set aside; rules at the end of the funnel."""


class Part(NamedTuple):
    """What became of one chunk."""

    positions: NDArray[np.int64]  # (n,), of the chunk
    reasons: tuple[str, ...]  # n, empty where all is well
    digests: tuple[str, ...]  # n, of the photo's bytes, empty where missing
    faces: NDArray[np.uint8]  # (m, S, S, 3), only those without a reason


def decode_chunk(chunk: Chunk, rule: CropRule) -> Part:
    """Decode the photos of a chunk, which are crops already.

    Args:
        chunk: Positions and encoded photos.
        rule: Size of the faces.

    Returns:
        The faces, and for each photo why it has none.
    """
    outcomes = [_decode_one(photo, rule) for photo in chunk.photos]
    reasons, digests, faces = zip(*outcomes, strict=True)
    fit = [face for face in faces if face is not None]
    empty = np.empty((0, rule.size, rule.size, 3), dtype=np.uint8)
    return Part(chunk.positions, reasons, digests, np.stack(fit) if fit else empty)


def _decode_one(
    photo: bytes | None, rule: CropRule
) -> tuple[str, str, NDArray[np.uint8] | None]:
    if photo is None:
        return MISSING, "", None
    # Half of SHA-256 tells any two files apart and halves the column.
    digest = sha256(photo).hexdigest()[:32]
    try:
        face = resize_crop(decode_photo(photo, at_least=2 * rule.size), rule)
    except DataError:
        return UNDECODABLE, digest, None
    return (BLANK, digest, None) if is_blank(face) else ("", digest, face)


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
