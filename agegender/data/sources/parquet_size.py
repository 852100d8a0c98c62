"""How large a Parquet table is once it is read, found out without reading it whole.

Such a file says what is repeated only once: some kilobytes may stand for more than
memory holds. So texts are counted as they are stored, each different one once, and
multiplied by how often they occur.
"""

import io
from collections.abc import Iterable
from contextlib import suppress
from itertools import product
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_AT_ONCE: Final = 2**16
"""Rows of which it is seen how much memory they take."""

_MOST_AT_ONCE: Final = 2**26
"""Bytes that they take at most, where they cannot be counted before."""

_WIDTH: Final = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12} | {
    "FLOAT": 4,
    "DOUBLE": 8,
    "BYTE_ARRAY": 4,
}
"""Bytes of a value, by how it is stored; of a text, those of its number."""

_WHOLE: Final = frozenset({"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY"})
_LEVELS: Final = frozenset({"RLE", "BIT_PACKED"})
"""Ways to store each text whole, and ways to store which values are absent."""


def require_room(file: pq.ParquetFile, encoded: bytes, limit: int) -> None:
    """Raise where a Parquet table takes too much memory once it is read.

    Args:
        file: The table, open; nothing but its footer is read of it.
        encoded: The same, as bytes.
        limit: Bytes.

    Raises:
        ValueError: If it takes more.
    """
    _refuse_spoilt_notes(encoded)
    stored, sizes = _columns(file), _stored_sizes(file)
    if sum(sizes.values()) > limit:
        raise _too_large(limit)
    texts = {path for path, kind in stored.items() if kind == "BYTE_ARRAY"}
    linked = texts & _by_what_went_before(file)
    if lists := sorted(linked & _repeated(file)):
        raise ValueError(f"its lists {lists} are stored as changes to each other")
    # Such a text is no longer than what is stored of its column.
    longest = max((sizes[path] for path in linked), default=0)
    rows_at_once = max(1, min(_AT_ONCE, _MOST_AT_ONCE // max(1, longest)))
    left = limit
    with pq.ParquetFile(
        io.BytesIO(encoded), read_dictionary=sorted(texts - linked)
    ) as texts_once:
        for rows in texts_once.iter_batches(rows_at_once):
            left -= sum(map(_size, rows.columns))
            if left < 0:
                raise _too_large(limit)


class _EnoughError(Exception):
    """More than the footer was asked for."""


class _FooterAlone(io.BytesIO):
    """A file that is read no further once it is open."""

    is_open = False

    def read(self, size: int | None = -1) -> bytes:
        """Read what opening takes."""
        if self.is_open:
            raise _EnoughError
        return super().read(size)


def _refuse_spoilt_notes(encoded: bytes) -> None:
    """Raise where the footer's notes on a column are spoilt.

    Arrow's reader says so; who asks Arrow for the notes themselves is aborted.
    """
    with pq.ParquetFile(file := _FooterAlone(encoded)) as table:
        file.is_open = True
        for group, path in product(range(table.num_row_groups), _columns(table)):
            read = table.iter_batches(1, [group], [path], use_threads=False)
            with suppress(_EnoughError):
                next(read, None)


def _too_large(limit: int) -> ValueError:
    return ValueError(f"it unpacks to over {limit / 2**30:.3g} GiB")


def _columns(file: pq.ParquetFile) -> dict[str, str]:
    """Return how the values of each column are stored, by the column's path."""
    columns = (file.schema.column(i) for i in range(len(file.schema)))
    return {column.path: column.physical_type for column in columns}


def _repeated(file: pq.ParquetFile) -> set[str]:
    """Return the columns that have several values in a row."""
    columns = (file.schema.column(i) for i in range(len(file.schema)))
    return {column.path for column in columns if column.max_repetition_level}


def _stored_sizes(file: pq.ParquetFile) -> dict[str, int]:
    """Return how many bytes each column has at least, by the footer."""
    sizes = dict.fromkeys(_columns(file), 0)
    for number, chunk in _chunks(file):
        column = file.schema.column(number)
        width = _WIDTH.get(column.physical_type, column.length)
        values = chunk.num_values * width
        is_text = column.physical_type == "BYTE_ARRAY"
        sizes[column.path] += max(
            values, chunk.total_uncompressed_size if is_text else 0
        )
    return sizes


def _by_what_went_before(file: pq.ParquetFile) -> set[str]:
    """Return the columns some of whose values are stored as changes to others.

    These cannot be read as a list of different ones.
    """
    return {
        chunk.path_in_schema
        for _, chunk in _chunks(file)
        if not set(chunk.encodings) <= _WHOLE | _LEVELS
    }


def _chunks(file: pq.ParquetFile) -> Iterable[tuple[int, Any]]:
    footer = file.metadata
    groups, columns = range(footer.num_row_groups), range(footer.num_columns)
    return (
        (column, footer.row_group(group).column(column))
        for group, column in product(groups, columns)
    )


def _size(values: pa.Array) -> int:
    """Return how many bytes values take once each text is written out."""
    if isinstance(values, pa.ExtensionArray):
        return _size(values.storage)
    if isinstance(values, pa.MapArray):
        return 4 * len(values) + _size(values.keys) + _size(values.items)
    if isinstance(values, pa.StructArray):
        return sum(map(_size, values.flatten()))
    if isinstance(values, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        return 4 * len(values) + _size(values.flatten())
    if not isinstance(values, pa.DictionaryArray):
        return int(values.nbytes)
    lengths = pc.fill_null(pc.binary_length(values.dictionary), 0)
    written = pc.sum(lengths.cast(pa.int64()).take(values.indices)).as_py() or 0
    return int(values.indices.nbytes + written)
