"""MATLAB v5 files, as far as IMDB-WIKI needs them: one struct of columns.

SciPy reads these files too, but a damaged one can end its process, and it makes an
array of each cell of every field. Here only the fields asked for are read, every
length is checked against the bytes there are, and the rest is an error.

Reference: MathWorks, "MAT-File Format", chapter on level 5.
"""

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.errors import DataError

MAX_BYTES: Final = 2**30
"""Of a variable once unpacked; IMDB's needs a fifth of it."""

_HEADER: Final = 128
_ORDERS: Final[dict[bytes, Literal["<", ">"]]] = {b"IM": "<", b"MI": ">"}
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_CELL, _STRUCT, _CHAR = 1, 2, 4
_NUMERIC: Final = range(6, 16)
_COMPLEX: Final = 0x0800
_DTYPES: Final = {
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
_UNITS: Final = {1: 1, 2: 1, 4: 2, 16: 1, 17: 2, 18: 4}
"""Kind of text -> bytes of its smallest unit."""


class MatlabError(DataError):
    """The bytes are not a sound MATLAB v5 file of plain arrays."""


class Struct(NamedTuple):
    """A variable that is a struct of columns."""

    fields: tuple[str, ...]
    columns: dict[str, NDArray[Any]]  # numbers, or texts as objects


class _Element(NamedTuple):
    kind: int
    start: int
    size: int
    end: int  # where the next one starts


class _Matrix(NamedTuple):
    kind: int
    length: int
    name: str
    start: int
    end: int


def read_struct(encoded: bytes, name: str, wanted: Collection[str]) -> Struct:
    """Read a struct of columns.

    Args:
        encoded: The file.
        name: Of the variable.
        wanted: Fields to read; those that are absent are left out.

    Returns:
        The names of all fields, and the wanted columns, each (n,).

    Raises:
        MatlabError: If the file is damaged, of another version, or holds no such
            struct.
    """
    if encoded.startswith(b"MATLAB 7.3"):
        raise MatlabError("it is of version 7.3; save it with -v7")
    order = _ORDERS.get(encoded[126:_HEADER])
    if order is None:
        raise MatlabError("it lacks the header of such files")

    held = []
    for buffer in _variables(_Buffer(encoded, order)):
        matrix = buffer.matrix(0, len(buffer.content))
        held.append(matrix.name)
        if matrix.name == name and matrix.kind == _STRUCT:
            return buffer.read_struct(matrix, wanted)
    raise MatlabError(f"it has no struct named {name}, only {sorted(held)}")


def _variables(file: "_Buffer") -> Iterator["_Buffer"]:
    at, limit = _HEADER, len(file.content)
    while at < limit:
        element = file.element(at, limit)
        content = file.content[at : element.end]
        if element.kind == _COMPRESSED:
            content = _unpacked(file.content[element.start : element.end])
        yield _Buffer(content, file.order)
        at = element.end


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, MAX_BYTES)
    except zlib.error as error:
        raise MatlabError(f"it is damaged ({error})") from error
    if not unpacker.eof:
        raise MatlabError(f"it is cut short, or unpacks to over {MAX_BYTES} bytes")
    return content


class _Buffer:
    """Bytes with their order; knows how arrays lie in them."""

    def __init__(self, content: bytes, order: Literal["<", ">"]) -> None:
        self.content = content
        self.order = order
        self._tag = struct.Struct(f"{order}II")

    def element(self, at: int, limit: int) -> _Element:
        """Read the tag at an offset."""
        if at + 8 > limit:
            raise MatlabError(f"it is cut short at byte {at}")
        kind, size = self._tag.unpack_from(self.content, at)
        if kind >> 16:  # up to four bytes lie within the tag
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            padding = 0 if kind == _COMPRESSED else -size % 8
            end = min(start + size + padding, limit)
        if start + size > end:
            raise MatlabError(f"it is damaged or cut short at byte {at}")
        return _Element(kind, start, size, end)

    def matrix(self, at: int, limit: int) -> _Matrix:
        """Read the head of the array at an offset."""
        whole = self.element(at, limit)
        if whole.kind != _MATRIX:
            raise MatlabError(f"there is no array at byte {at}")
        if whole.size == 0:
            return _Matrix(_CHAR, 0, "", whole.end, whole.end)
        flags = self.element(whole.start, whole.end)
        sides = self.element(flags.end, whole.end)
        name = self.element(sides.end, whole.end)
        if (flags.kind, sides.kind, name.kind) != (_UINT32, _INT32, _INT8):
            raise MatlabError(f"the array at byte {at} has no sound head")
        kind = self._number(flags)
        if kind & _COMPLEX:
            raise MatlabError(f"the array at byte {at} holds complex numbers")
        count = math.prod(self._numbers(sides).tolist())
        text = self.content[name.start : name.start + name.size].decode("latin-1")
        return _Matrix(kind & 0xFF, count, text, name.end, whole.end)

    def read_struct(self, matrix: _Matrix, wanted: Collection[str]) -> Struct:
        """Read the wanted fields of a struct."""
        if matrix.length != 1:
            raise MatlabError(f"{matrix.name} must be 1 struct, not {matrix.length}")
        width = self.element(matrix.start, matrix.end)
        names = self.element(width.end, matrix.end)
        if (width.kind, names.kind) != (_INT32, _INT8):
            raise MatlabError(f"{matrix.name} has no sound list of fields")
        step = max(1, self._number(width))
        listed = self.content[names.start : names.start + names.size]
        cut = [listed[n : n + step] for n in range(0, len(listed), step)]
        fields = tuple(one.split(b"\0")[0].decode("latin-1") for one in cut)

        columns, at = {}, names.end
        for field in fields:
            if field in wanted:
                columns[field] = self.column(at, matrix.end)
            at = self.element(at, matrix.end).end
        return Struct(fields, columns)

    def column(self, at: int, limit: int) -> NDArray[Any]:
        """Read an array of numbers or a cell array of texts."""
        matrix = self.matrix(at, limit)
        if matrix.kind == _CELL:
            return np.array(list(self._texts(matrix)), dtype=object)
        if matrix.kind not in _NUMERIC:
            raise MatlabError(f"there are neither numbers nor texts at byte {at}")
        numbers = self._numbers(self.element(matrix.start, matrix.end))
        if len(numbers) != matrix.length:
            raise MatlabError(f"the array at byte {at} has not {matrix.length} numbers")
        return numbers

    def _texts(self, cells: _Matrix) -> Iterator[str]:
        """Read cell by cell: only the end of one tells where the next one starts."""
        at = cells.start
        for _ in range(cells.length):
            matrix = self.matrix(at, cells.end)
            if matrix.kind != _CHAR:
                raise MatlabError(f"the cell at byte {at} is no text")
            yield self._text(matrix) if matrix.length else ""
            at = matrix.end

    def _text(self, matrix: _Matrix) -> str:
        element = self.element(matrix.start, matrix.end)
        if element.kind not in _UNITS:
            raise MatlabError(f"the text at byte {matrix.start} has no known encoding")
        unit = _UNITS[element.kind]
        order = "le" if self.order == "<" else "be"
        encoding = "utf-8" if unit == 1 else f"utf-{8 * unit}-{order}"
        content = self.content[element.start : element.start + element.size]
        # One spoilt letter spoils one row, which no file will then be found for.
        return content.decode(encoding, errors="replace")

    def _number(self, element: _Element) -> int:
        """Read the first of some whole numbers."""
        numbers = self._numbers(element)
        if not len(numbers):
            raise MatlabError(f"a number is missing at byte {element.start}")
        return int(numbers[0])

    def _numbers(self, element: _Element) -> NDArray[Any]:
        if element.kind not in _DTYPES:
            raise MatlabError(f"there are no numbers at byte {element.start}")
        dtype = np.dtype(_DTYPES[element.kind]).newbyteorder(self.order)
        count = element.size // dtype.itemsize
        return np.frombuffer(self.content, dtype, count, element.start)
