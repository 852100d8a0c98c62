"""Arrays as bytes of a MATLAB v5 file, little-endian, nothing compressed."""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.data.matlab.buffer import CHAR, INT8, INT32, MATRIX, UINT32

_TEXT_BYTES: Final = 116


class Kind(NamedTuple):
    """Of an array, and of the element that holds its content."""

    array: int
    element: int


KINDS: Final = {"u1": Kind(9, 2), "i8": Kind(12, 12), "f8": Kind(6, 9)}
"""By the type of the numbers."""

_TEXT: Final = Kind(CHAR, 16)


def header(text: str) -> bytes:
    """Return the beginning of a file that says who wrote it.

    Args:
        text: At most 116 letters of ASCII.
    """
    return text.encode("ascii").ljust(_TEXT_BYTES) + bytes(8) + b"\x00\x01IM"


def head(name: str, kind: Kind, sides: tuple[int, ...], size: int) -> bytes:
    """Return all of an array that comes before its content.

    Args:
        name: Of the variable.
        kind: What it holds.
        sides: Its shape.
        size: Bytes of the content, which `padding` must follow.
    """
    flags = _element(UINT32, struct.pack("<II", kind.array, 0))
    extent = _element(INT32, struct.pack(f"<{len(sides)}i", *sides))
    before = flags + extent + _element(INT8, name.encode("ascii"))
    before += struct.pack("<II", kind.element, size)
    return struct.pack("<II", MATRIX, len(before) + size + -size % 8) + before


def padding(size: int) -> bytes:
    """Return what follows a content of that many bytes."""
    return bytes(-size % 8)


def row(name: str, values: NDArray[np.generic] | str) -> bytes:
    """Return a whole variable of one row: numbers of a type of `KINDS`, or a text."""
    if isinstance(values, str):
        content, kind = values.encode(), _TEXT
    else:
        content = values.astype(values.dtype.newbyteorder("<")).tobytes()
        kind = KINDS[values.dtype.str[1:]]
    before = head(name, kind, (1, len(values)), len(content))
    return before + content + padding(len(content))


def _element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + padding(len(content))
