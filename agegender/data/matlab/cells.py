"""Cell arrays as columns: texts, or vectors of one length.

Only the end of one cell tells where the next one starts, so their sizes are walked
one by one, and nothing else is: heads and numbers are then read of all cells at
once. A cell whose head is of an unusual layout is read by itself.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.data.matlab.buffer import (
    CHAR,
    COMPLEX,
    DTYPES,
    ENCODINGS,
    INT8,
    INT32,
    MATRIX,
    NUMERIC,
    UINT32,
    Buffer,
    MatlabError,
    Matrix,
)

_HEAD: Final = 14
"""Words of the usual head: array, flags, two sides, empty name, tag of content."""

_USUAL: Final = {2: UINT32, 3: 8, 6: INT32, 7: 8, 10: INT8, 11: 0}
"""Word of the usual head -> what stands there."""

_LONGEST: Final = 64
"""Numbers in a cell; face boxes have four."""

MOST_CELLS: Final = 2**22
"""Nine times as many as IMDB has; packed, a few bytes may claim more."""

_Integers = NDArray[np.int64]


class _Contents(NamedTuple):
    """What each cell holds, (n,); zeros where it is empty."""

    arrays: _Integers  # kind of array
    lengths: _Integers  # entries
    longest: _Integers  # entries along the longest side
    kinds: _Integers  # kind of element
    starts: _Integers  # offset of its bytes
    sizes: _Integers  # in bytes


def read_cells(buffer: Buffer, cells: Matrix) -> NDArray[Any]:
    """Read a cell array.

    Args:
        buffer: Where it lies.
        cells: Its head.

    Returns:
        Texts, (n,) of objects, empty where a cell is; or numbers, float64 (n, k),
        NaN where a cell is empty.

    Raises:
        MatlabError: If it is damaged, mixes texts and numbers, or holds vectors of
            several lengths.
    """
    if cells.length > MOST_CELLS:
        raise MatlabError(f"it has {cells.length} cells; at most {MOST_CELLS}")
    column = Buffer(buffer.content[cells.start : cells.end], buffer.order)
    contents = _locate(column, cells.length)
    held = set(np.unique(contents.arrays[contents.lengths > 0]).tolist())
    if held <= {CHAR}:
        return _texts(column, contents)
    if held <= set(NUMERIC):
        return _vectors(column, contents)
    raise MatlabError(f"the cells at byte {cells.start} hold neither texts nor numbers")


def _locate(column: Buffer, count: int) -> _Contents:
    words = column.words()
    tags = _walk(words, count)
    sizes = words[tags + 1].astype(np.int64)
    ends = 4 * tags + 8 + sizes
    if np.any(words[tags] != MATRIX) or np.any(ends > 4 * len(words)):
        raise MatlabError("its cells are damaged or cut short")

    table = np.zeros((len(_Contents._fields), count), dtype=np.int64)
    usual, values = _read_usual(words, tags, ends)
    table[:, usual] = values
    left = sizes > 0
    left[usual] = False
    for cell in np.flatnonzero(left).tolist():
        table[:, cell] = _read_unusual(column, 4 * int(tags[cell]))
    return _Contents(*table)


def _walk(words: NDArray[np.uint32], count: int) -> _Integers:
    """Return at which word each cell starts."""
    view, at, starts = words.data, 0, []
    try:
        for _ in range(count):
            starts.append(at)
            at += 2 + ((view[at + 1] + 7) >> 3 << 1)
    except IndexError as error:
        raise MatlabError(f"it is cut short in cell {len(starts)}") from error
    return np.array(starts, dtype=np.int64)


def _read_usual(
    words: NDArray[np.uint32], tags: _Integers, ends: _Integers
) -> tuple[_Integers, NDArray[np.int64]]:
    """Return which cells have the usual head, and what these hold, (6, m)."""
    cells = np.flatnonzero(ends - 4 * tags >= 4 * _HEAD)
    head = words[tags[cells, None] + np.arange(_HEAD)].astype(np.int64).T
    flags, rows, columns, tag, size = head[[4, 8, 9, 12, 13]]
    longest = np.maximum(rows, columns)

    short = tag >> 16 > 0  # up to four bytes lie within the tag
    kinds = np.where(short, tag & 0xFFFF, tag)
    sizes = np.where(short, tag >> 16, size)
    starts = 4 * (tags[cells] + np.where(short, _HEAD - 1, _HEAD))
    limits = np.where(short, starts + 4, ends[cells])

    usual = starts + sizes <= limits
    for word, value in _USUAL.items():
        usual &= head[word] == value
    usual &= (flags & COMPLEX == 0) & (longest < 2**31)
    held = np.stack([flags & 0xFF, rows * columns, longest, kinds, starts, sizes])
    return cells[usual], held[:, usual]


def _read_unusual(column: Buffer, at: int) -> tuple[int, ...]:
    matrix = column.matrix(at, len(column.content))
    if matrix.length == 0:
        return matrix.kind, 0, 0, 0, 0, 0
    content = column.element(matrix.start, matrix.end)
    along = matrix.length, max(matrix.sides)
    return matrix.kind, *along, content.kind, content.start, content.size


def _texts(column: Buffer, cells: _Contents) -> NDArray[np.object_]:
    texts = np.full(len(cells.lengths), "", dtype=object)
    for kind in np.unique(cells.kinds[cells.lengths > 0]).tolist():
        if kind not in ENCODINGS:
            raise MatlabError(f"it holds a text of unknown encoding {kind}")
        found = np.flatnonzero((cells.lengths > 0) & (cells.kinds == kind))
        starts = cells.starts[found]
        stops = starts + cells.sizes[found]
        spans = zip(starts.tolist(), stops.tolist(), strict=True)
        texts[found] = column.texts(spans, ENCODINGS[kind])
    return texts


def _vectors(column: Buffer, cells: _Contents) -> NDArray[np.float64]:
    full = cells.lengths > 0
    lengths = np.unique(cells.lengths[full])
    if np.any(cells.lengths[full] != cells.longest[full]):
        raise MatlabError("its cells must hold vectors, not matrices")
    length = int(lengths[0])
    if len(lengths) > 1 or length > _LONGEST:
        raise MatlabError(
            f"its cells must hold vectors of one length up to {_LONGEST}, "
            f"not of {lengths[:5].tolist()}"
        )
    vectors = np.full((len(full), length), np.nan)
    for kind in np.unique(cells.kinds[full]).tolist():
        if kind not in DTYPES:
            raise MatlabError(f"its cells hold no numbers but kind {kind}")
        dtype = np.dtype(DTYPES[kind]).newbyteorder(column.order)
        found = np.flatnonzero(full & (cells.kinds == kind))
        size = length * dtype.itemsize
        if np.any(cells.sizes[found] != size):
            raise MatlabError(f"its cells must hold {length} numbers each")
        vectors[found] = column.gather(cells.starts[found], size).view(dtype)
    return vectors
