"""Faces as BMP files, which are their pixels and 54 bytes before them.

So a face that lies in an array goes the way of all photos: digested, decoded and
judged like them, without losing a bit.
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES: Final = 54


def file_bytes(size: int) -> int:
    """Return how large the file of a face is."""
    return HEADER_BYTES + size * _row_bytes(size)


def encode(faces: NDArray[np.uint8]) -> tuple[bytes, ...]:
    """Encode faces.

    Args:
        faces: uint8 (n, S, S, 3), RGB.

    Returns:
        n files.
    """
    count, size = faces.shape[:2]
    rows = np.zeros((count, size, _row_bytes(size)), dtype=np.uint8)
    # Such files start with the lowest row, and blue comes first.
    rows[..., : 3 * size] = faces[:, ::-1, :, ::-1].reshape(count, size, 3 * size)
    head = _header(size)
    return tuple(head + row.tobytes() for row in rows)


def _row_bytes(size: int) -> int:
    return -(-3 * size // 4) * 4


def _header(size: int) -> bytes:
    whole, pixels = file_bytes(size), file_bytes(size) - HEADER_BYTES
    file_head = struct.pack("<2sIHHI", b"BM", whole, 0, 0, HEADER_BYTES)
    planes, bits, plain = 1, 24, 0
    picture = (40, size, size, planes, bits, plain, pixels, 0, 0, 0, 0)
    return file_head + struct.pack("<IiiHHIIiiII", *picture)
