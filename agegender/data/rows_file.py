"""What became of every row that was read: `rows.parquet` in a store.

The funnel counts; this table names. It tells of the dropped rows what they were
and which rule they broke first, so that limits can be judged by what they cost.
It is a record of the making and no part of the store's content hash.
"""

import os
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from agegender.data.filters import UNKNOWN_GENDER
from agegender.errors import DataError, first_line

ROWS: Final = "rows.parquet"

RECORDED: Final = ("age", "gender", "face_score", "second_face_score", "photo_taken")
"""What is told of a row where its source knows it: years, scores of the face
detector, the year in which the photo was taken."""

BROKEN_TABLE: Final = (
    OSError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
    pa.ArrowException,
)
"""What pandas and Arrow raise on broken tables; they have no error of their own."""


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write one row for every row read.

    Args:
        path: The file to make.
        rows: `id`, `source` str; `rule` str, the first rule that dropped the row,
            empty if it was kept; and those of `RECORDED` that the sources have.
    """
    recorded = [name for name in RECORDED if name in rows.columns]
    table = rows[["id", "source", *recorded, "rule"]]
    table = table.astype(dict.fromkeys(recorded, np.float32))
    known = table["gender"].isin([0.0, 1.0])
    gender = table["gender"].where(known, UNKNOWN_GENDER).astype(np.int8)
    table.assign(gender=gender).to_parquet(path, engine="pyarrow", index=False)


def read_rows(store: Path) -> pd.DataFrame | None:
    """Read what became of every row.

    Args:
        store: Folder of the store.

    Returns:
        One row for every row read, in the order read: `id` str; `source`, `rule`
        categories; `gender` int8 (-1 unknown); others of `RECORDED` float32. None
        where the store was not made from archives.

    Raises:
        DataError: If the file is damaged.
    """
    try:
        table = read_parquet(store / ROWS)
    except FileNotFoundError:
        return None
    return table.astype({"source": "category", "rule": "category"})


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a table of a store.

    Raises:
        FileNotFoundError: If there is none.
        DataError: If the file is damaged.
    """
    try:
        # By its path pandas would look elsewhere for a folder named ~. A file of
        # Python's would be let go of by a thread of Arrow's, now and then so late
        # that the process is ending and is aborted.
        with pa.OSFile(os.fsencode(path)) as file:
            return with_texts(pd.read_parquet(file, engine="pyarrow"))
    except FileNotFoundError:
        raise
    except BROKEN_TABLE as error:
        raise DataError(
            f"{path} is damaged: {first_line(error)}. Run prep again."
        ) from error


def with_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that Arrow read, unless bytes in it are no text.

    Arrow lets them pass, and whoever reads such a cell later fails.

    Raises:
        ValueError: If there are such.
    """
    for name, column in table.items():
        if isinstance(column.dtype, pd.StringDtype):
            try:
                pa.Array.from_pandas(column).validate(full=True)
            except pa.ArrowInvalid as error:
                raise ValueError(f"texts of its column {name} are no UTF-8") from error
    return table
