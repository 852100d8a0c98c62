"""Photos of one's own, with a table that says who is on them.

One row a face: a CSV or Parquet file with the photo's path, an age, and whatever
else is known. A table with boxes tells where in the photo the face is, which is then
cut out; without boxes the pictures are crops, and their owner says of what margin.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from agegender.data.listing import BOX, Archive
from agegender.data.rows_file import RECORDED
from agegender.data.sources.boxes import box_faults
from agegender.data.sources.labels_file import (
    genders,
    numbers,
    parse_table,
    races,
    read_file,
    tells_nothing,
)
from agegender.data.sources.source import NOT_KEPT
from agegender.errors import ConfigError, DataError

NAME: Final = "table"

TERMS: Final = "those of whoever made the table and the photos"

READ: Final = frozenset({"path", "age", "gender", "identity", "race"})
"""Columns with a meaning of their own, beside `BOX`."""

_LONG: Final = r"\s*[+-]?\d{16,}\s*"
"""Whole numbers, such as ids, that float64 would round."""

OURS: Final = (
    frozenset({"id", "source", "split", "digest", "rule"}) | NOT_KEPT | {*RECORDED}
)
"""Names that a store gives to columns of its own, those of one face detector with
limits of its own among them; a table's are not kept."""


@dataclass(frozen=True)
class Table:
    """A table that has been read.

    Args:
        labels: Its cells as text, one row a face.
        file: What it is called.
        digest: `sha256:…` of its bytes.
    """

    labels: pd.DataFrame
    file: str
    digest: str
    name: str = NAME
    margin: float | None = None
    shift: float | None = None
    terms: str = TERMS

    @property
    def are_crops(self) -> bool:
        """Whether the table has no boxes."""
        return not set(BOX) <= set(self.labels.columns)

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Return one row a face, of photos that lie in the archive."""
        rows = self.label_rows()
        # Tables often name photos by their full path on the owner's machine.
        root = archive.path.as_posix().rstrip("/") + "/"
        rows["member"] = rows["member"].str.removeprefix(root)
        names = archive.members["name"]
        if not rows["member"].isin(names).any():
            held = f"it holds {names.iloc[0]}" if len(names) else "it is empty"
            raise DataError(
                f"{archive.path} has none of the {len(rows)} photos of {self.file}, "
                f"such as {rows['member'].iloc[0]!r}; {held}. Write paths as they "
                "start there."
            )
        return rows

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Refuse: the table itself is the metadata."""
        raise ConfigError(
            f"a table is its own metadata. Received: {metadata}. Give it as the table."
        )

    def label_rows(self) -> pd.DataFrame:
        """Return one row a face, of photos wherever they lie."""
        labels, paths = self.labels, _paths(self.labels["path"])
        fault = pd.Series("", labels.index, dtype="str").mask(paths == "", "no_path")
        boxes = pd.DataFrame(index=labels.index)
        if not self.are_crops:
            boxes = labels[[*BOX]].apply(numbers)
            fault = fault.mask(fault == "", pd.Series(box_faults(boxes)))
        unknown = pd.Series(np.nan, labels.index, dtype="str")
        rows = pd.DataFrame(
            {
                "id": _unique(paths),
                "member": paths,
                "identity": _people(labels.get("identity", unknown)),
                "age": numbers(labels["age"]),
                "gender": genders(labels.get("gender", unknown)),
                "fault": fault,
            }
        )
        return rows.join([boxes, _further(labels)])


def read_table(path: str | Path) -> Table:
    """Read a table of faces.

    Args:
        path: A CSV (UTF-8) or Parquet file with columns `path` and `age` (years), and
            perhaps `gender` (0 or female, 1 or male), `identity`, `race`, and the
            face's box `x1`, `y1`, `x2`, `y2` in pixels, right and bottom exclusive.
            Other columns are kept with the labels, but for those of `OURS`.

    Raises:
        DataError: If there is no such table, or a column is missing.
    """
    path = Path(path)
    encoded = read_file(path)
    labels = parse_table(encoded, str(path), ("path", "age"))
    sides = sorted(set(labels.columns) & set(BOX))
    if sides and len(sides) < len(BOX):
        raise DataError(
            f"{path} must have all of {', '.join(BOX)} or none. Received: {sides}."
        )
    if "gender" in labels.columns:
        _refuse_unread_genders(labels["gender"], path)
    return Table(labels, path.name, f"sha256:{sha256(encoded).hexdigest()}")


def _refuse_unread_genders(column: pd.Series, path: Path) -> None:
    """Refuse a column of spellings nobody here knows: every row would be dropped."""
    told = column[~tells_nothing(column)]
    if len(told) and genders(told).isna().all():
        raise DataError(
            f"column gender of {path} must hold 0 or female, 1 or male, or nothing. "
            f"Received: {sorted(told.unique())[:3]}."
        )


def _paths(column: pd.Series) -> pd.Series:
    """Return paths as archives list them: relative, with slashes."""
    paths = column.fillna("").str.strip().str.replace("\\", "/", regex=False)
    return paths.str.replace(r"^(?:\./+)+", "", regex=True)


def _unique(paths: pd.Series) -> pd.Series:
    """Number the faces of photos that have several: `photo.jpg#2`."""
    number = (paths.groupby(paths).cumcount() + 1).astype("str")
    return paths.mask(paths.duplicated(keep=False), paths + "#" + number)


def _people(column: pd.Series) -> pd.Series:
    people = column.fillna("").str.strip()
    return (f"{NAME}:" + people).where(people != "", "").astype("str")


def _further(labels: pd.DataFrame) -> pd.DataFrame:
    """Return what else the table tells: numbers where all cells are, else text."""
    further = labels.drop(columns=[*(READ | OURS) & set(labels.columns)])
    further = further.apply(_numbers_or_text)
    if "race" in labels.columns:
        further = further.assign(race=races(labels["race"]))
    return further


def _numbers_or_text(column: pd.Series) -> pd.Series:
    """Return numbers where all cells are and none loses a digit, else the text."""
    found = pd.to_numeric(column, errors="coerce")
    if not found[~tells_nothing(column)].notna().all():
        return column
    if found.notna().all() and (found % 1 == 0).all() and found.abs().max() < 2**31:
        return found.astype("int32")
    if found.dtype == "int64":
        return found
    if column.str.fullmatch(_LONG, na=False).any():
        return column
    with np.errstate(over="ignore"):  # what becomes infinite is not the same
        short = found.astype("float32")
    return short if short.astype("str").astype("float64").equals(found) else found
