"""Structs of columns: one variable of a file, of which the wanted fields are read."""

import zlib
from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

from numpy.typing import NDArray

from agegender.data.matlab.buffer import (
    CELL,
    COMPRESSED,
    HEADER,
    INT8,
    INT32,
    NUMERIC,
    STRUCT,
    Buffer,
    MatlabError,
    Matrix,
    byte_order,
)
from agegender.data.matlab.cells import read_cells

MAX_BYTES: Final = 2**30
"""Of all variables read, once unpacked; IMDB's needs a fifth of it."""

_LONGEST_LIST: Final = 2**16
"""Bytes of the names of all fields."""


class Struct(NamedTuple):
    """A variable that is a struct of columns."""

    fields: tuple[str, ...]
    columns: dict[str, NDArray[Any]]  # numbers (n,), texts as objects, vectors (n, k)


def read_struct(encoded: bytes, name: str, wanted: Collection[str]) -> Struct:
    """Read a struct of columns.

    Args:
        encoded: The file.
        name: Of the variable.
        wanted: Fields to read; those that are absent are left out.

    Returns:
        The names of all fields, and the wanted columns: numbers (n,), cells as
            `read_cells` returns them.

    Raises:
        MatlabError: If the file is damaged, of another version, or holds no such
            struct.
    """
    order = byte_order(encoded)
    held = []
    for buffer in _variables(Buffer(encoded, order)):
        matrix = buffer.matrix(0, len(buffer.content))
        held.append(matrix.name)
        if matrix.name == name and matrix.kind == STRUCT:
            return _read_fields(buffer, matrix, wanted)
    raise MatlabError(f"it has no struct named {name}, only {sorted(held)[:5]}")


def _variables(file: Buffer) -> Iterator[Buffer]:
    at, limit, left = HEADER, len(file.content), MAX_BYTES
    while at < limit:
        element = file.element(at, limit)
        if element.kind == COMPRESSED:
            content = unpack(file.content[element.start : element.end], left)
            left -= len(content)
            yield Buffer(content, file.order)
        else:
            yield Buffer(file.content[at : element.end], file.order)
        at = element.end


def unpack(packed: memoryview, most: int = MAX_BYTES) -> bytes:
    """Inflate a compressed variable.

    Args:
        packed: Its bytes.
        most: How many they may become.

    Raises:
        MatlabError: If it is damaged or larger.
    """
    unpacker = zlib.decompressobj()
    try:
        # No limit is what a limit of 0 would mean.
        content = unpacker.decompress(packed, max(1, most))
    except zlib.error as error:
        raise MatlabError(f"it is damaged ({error})") from error
    if not unpacker.eof:
        raise MatlabError(f"it is cut short, or unpacks to over {most} bytes")
    return content


def _read_fields(buffer: Buffer, matrix: Matrix, wanted: Collection[str]) -> Struct:
    if matrix.length != 1:
        raise MatlabError(f"{matrix.name} must be 1 struct, not {matrix.length}")
    width = buffer.element(matrix.start, matrix.end)
    names = buffer.element(width.end, matrix.end)
    kinds = (width.kind, names.kind)
    if kinds != (INT32, INT8) or names.size > _LONGEST_LIST:
        raise MatlabError(f"{matrix.name} has no sound list of fields")
    step = max(1, buffer.number(width))
    listed = bytes(buffer.content[names.start : names.start + names.size])
    cut = [listed[n : n + step] for n in range(0, len(listed), step)]
    fields = tuple(one.split(b"\0")[0].decode("latin-1") for one in cut)

    columns, at = {}, names.end
    for field in fields:
        if field in wanted:
            columns[field] = _read_column(buffer, at, matrix.end)
        at = buffer.element(at, matrix.end).end
    return Struct(fields, columns)


def _read_column(buffer: Buffer, at: int, limit: int) -> NDArray[Any]:
    matrix = buffer.matrix(at, limit)
    if matrix.kind == CELL:
        return read_cells(buffer, matrix)
    if matrix.kind not in NUMERIC:
        raise MatlabError(f"there are neither numbers nor cells at byte {at}")
    return buffer.array(matrix)
