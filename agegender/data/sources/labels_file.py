"""Label files as people write them: found among the photos, read as columns.

Values are read as text and turned into numbers here, so that one odd cell becomes
an unknown value of its row, which the rules count, and not a refused file.
"""

import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from agegender.data.listing import MAX_METADATA_BYTES, MAX_ROWS, Archive
from agegender.data.rows_file import BROKEN_TABLE, with_texts
from agegender.data.sources.parquet_size import require_room
from agegender.errors import DataError, first_line

GENDERS: Final = {
    "0": 0.0,
    "0.0": 0.0,
    "f": 0.0,
    "female": 0.0,
    "1": 1.0,
    "1.0": 1.0,
    "m": 1.0,
    "male": 1.0,
}
"""Spellings in lower case -> 0 female, 1 male; all others are unknown."""

RACES: Final = {
    "white": 0,
    "black": 1,
    "asian": 2,
    "east asian": 2,
    "southeast asian": 2,
    "indian": 3,
    "latino_hispanic": 4,
    "middle eastern": 4,
    "other": 4,
    "others": 4,
    **{str(code): code for code in range(5)},
}
"""Names in lower case, FairFace's among them, in UTKFace's five codes."""

NOTHING: Final = frozenset({"", "na", "n/a", "nan", "null", "none"})
"""What programs write where they know no number or gender, in lower case."""

_PARQUET: Final = b"PAR1"

MOST_COLUMNS: Final = 1000


def find_files(archive: Archive, names: Collection[str]) -> list[str]:
    """Return the members with one of some file names, the outermost first."""
    members = archive.members
    sound = members["name"][members["fault"] == ""]
    found = sound[sound.str.replace(r"^.*/", "", regex=True).isin(list(names))]
    return sorted(found, key=lambda name: (name.count("/"), name))


def folder_of(member: str) -> str:
    """Return the folder of a member with a slash at its end, empty at the root."""
    return member[: member.rfind("/") + 1]


def read_file(path: Path, what: str = "labels") -> bytes:
    """Read a file of labels that lies by itself.

    Raises:
        DataError: If it cannot be read or is far too large.
    """
    try:
        if path.stat().st_size > MAX_METADATA_BYTES:
            raise DataError(f"{path} is too large for {what}; at most 1 GiB.")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{what} {path} cannot be read: {error.strerror}.") from error


def parse_table(encoded: bytes, where: str, required: Collection[str]) -> pd.DataFrame:
    """Read a CSV (UTF-8) or Parquet table as text.

    Args:
        encoded: The file's bytes.
        where: What error messages call the file.
        required: Columns that must be there.

    Returns:
        All columns as str, their names in lower case; NaN where a cell is empty.

    Raises:
        DataError: If it is no such table, is empty, or lacks a column.
    """
    table = _parsed(encoded, where)
    table.columns = table.columns.astype("str").str.strip().str.lower()
    if missing := [name for name in required if name not in table.columns]:
        raise DataError(
            f"{where} lacks columns {missing}. Received: {list(table.columns)}."
        )
    if repeated := sorted(set(table.columns[table.columns.duplicated()])):
        raise DataError(f"{where} has columns {repeated} more than once.")
    if table.empty:
        raise DataError(f"{where} has no row. Give one row a photo.")
    return table


def _parsed(encoded: bytes, where: str) -> pd.DataFrame:
    try:
        if encoded.startswith(_PARQUET):
            _refuse_bomb(encoded)
            read = with_texts(pd.read_parquet(io.BytesIO(encoded), engine="pyarrow"))
            # Rows are told apart by their position, not by the index of a frame.
            read = read.reset_index(drop=True)
            # Older releases of pandas would spell unknown values out.
            return read.astype("str").where(read.notna(), np.nan)
        _refuse_vast(*_extent_of_csv(encoded))
        read = _read_csv(encoded)
        head = _cells(encoded, header=None, nrows=1).iloc[0]
    except BROKEN_TABLE as error:
        raise DataError(
            f"{where} is no CSV or Parquet table: {first_line(error)}."
        ) from error
    if not isinstance(read.index, pd.RangeIndex):
        raise DataError(f"{where} has more cells in its rows than in its head.")
    # Columns of one name were numbered by pandas: the second age became age.1.
    return read.set_axis(head.where(head.notna(), read.columns), axis=1)


def _refuse_bomb(encoded: bytes) -> None:
    """Raise if a Parquet file, which says the same only once, holds too much."""
    with pq.ParquetFile(io.BytesIO(encoded)) as file:
        _refuse_vast(file.metadata.num_rows, file.metadata.num_columns)
        require_room(file, encoded, MAX_METADATA_BYTES)


def _extent_of_csv(encoded: bytes) -> tuple[int, int]:
    """Return how many rows and columns a CSV file has at most."""
    head = re.match(rb"[^\r\n]*", encoded)
    columns = 1 + (head[0].count(b",") if head else 0)
    return max(encoded.count(b"\n"), encoded.count(b"\r")), columns


def _refuse_vast(rows: int, columns: int) -> None:
    if rows > MAX_ROWS or columns > MOST_COLUMNS:
        raise ValueError(
            f"it has about {rows} rows and {columns} columns; at most {MAX_ROWS} and "
            f"{MOST_COLUMNS}"
        )


def _read_csv(encoded: bytes) -> pd.DataFrame:
    try:
        return _cells(encoded)
    except pd.errors.ParserError:
        # Fails again unless commas too many are all that is wrong.
        return _without_long_rows(encoded)


def _without_long_rows(encoded: bytes) -> pd.DataFrame:
    """Read cells where some rows have a comma too many, which become empty ones.

    Which of their cells are the right ones nobody knows.
    """
    head = _cells(encoded, nrows=0).columns
    more = len(head)
    reached = range(more + 1)
    # Cells beyond those are passed over; Python's reader would drop rows of odd quotes.
    cells = _cells(encoded, header=None, names=reached, usecols=reached)
    rows = cells.iloc[1:].reset_index(drop=True)
    is_long = rows[more].notna()
    if is_long.all():
        raise ValueError("it has more cells in its rows than in its head")
    return rows.drop(columns=more).mask(is_long).set_axis(head, axis=1)


def _cells(encoded: bytes, **how: Any) -> pd.DataFrame:
    """Read cells as they are written: `NA` may be somebody's name."""
    cells: pd.DataFrame = pd.read_csv(
        io.BytesIO(encoded),
        dtype="str",
        encoding="utf-8-sig",
        keep_default_na=False,
        na_values=[""],
        **how,
    )
    return cells


def tells_nothing(column: pd.Series) -> pd.Series:
    """Return which cells are empty, or say so in a word of `NOTHING`, bool."""
    return column.isna() | column.str.strip().str.lower().isin(NOTHING)


def numbers(column: pd.Series) -> pd.Series:
    """Return a text column as float64, NaN where there is no number."""
    return pd.to_numeric(column, errors="coerce").astype("float64")


def genders(column: pd.Series) -> pd.Series:
    """Return 0 female, 1 male or NaN, float64, for spellings as in `GENDERS`."""
    return column.str.strip().str.lower().map(GENDERS).astype("float64")


def races(column: pd.Series) -> pd.Series:
    """Return codes as in `RACES`, int8, -1 for all others."""
    codes = column.str.strip().str.lower().map(RACES)
    return codes.fillna(-1).astype(np.int8)
