"""Bytes of a MATLAB file: where elements and arrays lie in them.

An element is a tag (kind and size) and its bytes, padded to eight; an array is an
element made of elements: flags, sides, name, and then its content.
"""

import math
import struct
import sys
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.errors import DataError

HEADER: Final = 128
"""Bytes before the first variable."""

ORDERS: Final[dict[bytes, Literal["<", ">"]]] = {b"IM": "<", b"MI": ">"}
"""Mark in the file's header -> order of its bytes."""

MOST_SIDES: Final = 32

INT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 5, 6, 14, 15
"""Kinds of element."""

CELL, STRUCT, CHAR = 1, 2, 4
NUMERIC: Final = range(6, 16)
COMPLEX: Final = 0x0800
"""Kinds of array, and the flag of complex ones."""

DTYPES: Final = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
"""Kind of element -> type of its numbers."""

ENCODINGS: Final = {
    1: "utf-8",
    2: "utf-8",
    4: "utf-16",
    16: "utf-8",
    17: "utf-16",
    18: "utf-32",
}
"""Kind of element -> encoding of the text in it."""


class MatlabError(DataError):
    """The bytes are not a sound MATLAB v5 file of plain arrays."""


class Element(NamedTuple):
    """Where an element's bytes lie."""

    kind: int
    start: int
    size: int
    end: int  # where the next one starts


class Matrix(NamedTuple):
    """What an array is and where its content lies."""

    kind: int
    sides: tuple[int, ...]
    name: str
    start: int
    end: int

    @property
    def length(self) -> int:
        """How many entries it has."""
        return math.prod(self.sides)


def byte_order(header: bytes) -> Literal["<", ">"]:
    """Return the order of a file's bytes.

    Args:
        header: Its beginning.

    Raises:
        MatlabError: If it is no such file, or of another version.
    """
    if header.startswith(b"MATLAB 7.3"):
        raise MatlabError("it is of version 7.3; save it with -v7")
    order = ORDERS.get(header[126:HEADER])
    if order is None:
        raise MatlabError("it lacks the header of such files; save it with -v7")
    return order


class Buffer:
    """Bytes with their order.

    Args:
        content: The bytes; those of one variable or of a file.
        order: Of the bytes of a number.
    """

    def __init__(
        self, content: bytes | memoryview, order: Literal["<", ">"] = "<"
    ) -> None:
        self.content = memoryview(content)
        self.order = order
        self._tag = struct.Struct(f"{order}II")

    def element(self, at: int, limit: int) -> Element:
        """Read the tag at an offset."""
        if at + 8 > limit:
            raise MatlabError(f"it is cut short at byte {at}")
        kind, size = self._tag.unpack_from(self.content, at)
        if kind >> 16:  # up to four bytes lie within the tag
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            padding = 0 if kind == COMPRESSED else -size % 8
            end = min(start + size + padding, limit)
        if start + size > end:
            raise MatlabError(f"it is damaged or cut short at byte {at}")
        return Element(kind, start, size, end)

    def matrix(self, at: int, limit: int) -> Matrix:
        """Read the head of the array at an offset."""
        whole = self.element(at, limit)
        if whole.kind != MATRIX:
            raise MatlabError(f"there is no array at byte {at}")
        if whole.size == 0:
            return Matrix(CHAR, (0, 0), "", whole.end, whole.end)
        flags = self.element(whole.start, whole.end)
        sides = self.element(flags.end, whole.end)
        name = self.element(sides.end, whole.end)
        if (flags.kind, sides.kind, name.kind) != (UINT32, INT32, INT8):
            raise MatlabError(f"the array at byte {at} has no sound head")
        if sides.size > 4 * MOST_SIDES:
            raise MatlabError(f"the array at byte {at} has over {MOST_SIDES} sides")
        kind = self.number(flags)
        if kind & COMPLEX:
            raise MatlabError(f"the array at byte {at} holds complex numbers")
        extent = tuple(self.numbers(sides).tolist())
        if min(extent, default=-1) < 0:
            raise MatlabError(f"the array at byte {at} has sides {extent}")
        text = bytes(self.content[name.start : name.start + name.size])
        return Matrix(kind & 0xFF, extent, text.decode("latin-1"), name.end, whole.end)

    def number(self, element: Element) -> int:
        """Read the first of some whole numbers."""
        numbers = self.numbers(element)
        if not len(numbers):
            raise MatlabError(f"a number is missing at byte {element.start}")
        return int(numbers[0])

    def numbers(self, element: Element) -> NDArray[Any]:
        """Read all numbers of an element."""
        if element.kind not in DTYPES:
            raise MatlabError(f"there are no numbers at byte {element.start}")
        dtype = np.dtype(DTYPES[element.kind]).newbyteorder(self.order)
        count = element.size // dtype.itemsize
        return np.frombuffer(self.content, dtype, count, element.start)

    def array(self, matrix: Matrix) -> NDArray[Any]:
        """Read the numbers of an array, one after the other."""
        if matrix.kind not in NUMERIC:
            raise MatlabError(f"there are no numbers at byte {matrix.start}")
        numbers = self.numbers(self.element(matrix.start, matrix.end))
        if len(numbers) != matrix.length:
            raise MatlabError(
                f"the array at byte {matrix.start} has not {matrix.length} numbers"
            )
        return numbers

    def texts(self, spans: Iterable[tuple[int, int]], encoding: str) -> list[str]:
        """Read the texts between pairs of offsets."""
        if encoding != "utf-8":
            encoding += "-le" if self.order == "<" else "-be"
        content = bytes(self.content)
        # One spoilt letter spoils one row, which no file will then be found for.
        return [content[start:end].decode(encoding, "replace") for start, end in spans]

    def words(self) -> NDArray[np.uint32]:
        """Return all bytes as words of four in the machine's order."""
        words = np.frombuffer(self.content, np.uint32, len(self.content) // 4)
        native = (self.order == "<") == (sys.byteorder == "little")
        return words if native else words.byteswap()

    def gather(self, starts: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        """Return the bytes at several offsets, uint8 (n, size)."""
        bytes_of = np.lib.stride_tricks.sliding_window_view(
            np.frombuffer(self.content, np.uint8), size
        )
        return np.ascontiguousarray(bytes_of[starts])
