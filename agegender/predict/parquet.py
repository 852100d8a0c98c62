"""Answers as a Parquet file, a group of rows at a time."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from agegender.errors import DataError
from agegender.predict.columns import COLUMNS
from agegender.predict.lines import csv_rows

ROWS: Final = 50_000
"""In a group: as many are in memory at once."""

_ARROW: Final = {str: pa.string(), int: pa.int64(), float: pa.float64()}
_SCHEMA: Final = pa.schema([(name, _ARROW[kind]) for name, kind in COLUMNS.items()])


def gather(rows: Path, path: Path) -> None:
    """Put rows behind those of a Parquet file, which is made where absent.

    The file is replaced once the new one is whole; then the rows are removed.

    Args:
        rows: As `lines.Csv` writes them.
        path: The Parquet file.
    """
    part = path.with_name(f".{path.name}.part")
    has_former = path.exists() and path.stat().st_size > 0
    if not has_former or any(csv_rows(rows)):
        try:
            with pq.ParquetWriter(part, _SCHEMA) as writer:
                for table in chain(
                    _groups(path) if has_former else (), _tables(csv_rows(rows))
                ):
                    writer.write_table(table)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    rows.unlink()


def told_of(path: Path) -> tuple[set[str], int]:
    """Return the photos that a Parquet file of ours tells of, and how many faces.

    Raises:
        DataError: If it is none of ours.
    """
    photos: set[str] = set()
    faces = 0
    try:
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.names != list(COLUMNS):
                raise DataError(f"{path} has other columns than ours.")
            for batch in file.iter_batches(ROWS, columns=["photo", "face"]):
                photos.update(batch["photo"].to_pylist())
                faces += len(batch) - batch["face"].null_count
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is no Parquet file. Name another --out.") from error
    return photos, faces


def _groups(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def _tables(rows: Iterator[dict[str, str]]) -> Iterator[pa.Table]:
    while some := list(islice(rows, ROWS)):
        yield pa.Table.from_pylist([_typed(row) for row in some], _SCHEMA)


def _typed(row: dict[str, str]) -> dict[str, str | int | float | None]:
    """Turn CSV's text back into values; what is empty is none."""
    return {
        name: kind(row[name]) if row[name] else None for name, kind in COLUMNS.items()
    }
