"""FairFace: photos of a face amid its surroundings, with ages in buckets.

A CSV names each photo, its bucket (`30-39`, `more than 70`), gender and race. The
pictures are squares around a detected face, published with two paddings; each is a
source of its own here, since they show different shares of the photo.

Reference: Karkkainen & Joo, WACV 2021.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from agegender.config import MAX_AGE
from agegender.data.listing import Archive
from agegender.data.photo import decode_photo
from agegender.data.sources.labels_file import (
    find_files,
    folder_of,
    genders,
    numbers,
    parse_table,
    races,
    read_file,
)
from agegender.errors import DataError

FAIRFACE_MARGIN: Final = 0.6
"""Photo around the face box in the pictures of padding 1.25, measured with our
detector on 265 of 270: median 0.60 (5 to 95 %: 0.38 to 0.81)."""

FAIRFACE_SHIFT: Final = 0.08
"""How far the picture's centre lies below the box's; measured with the margin."""

TIGHT_MARGIN: Final = -0.03
"""The same for padding 0.25: there 1 + 2 x 0.25 of 1 + 2 x 1.25 is left."""

TERMS: Final = "CC BY 4.0; the photos come from YFCC-100M"

LABEL_FILES: Final = (
    "labels.csv",
    "fairface_label_train.csv",
    "fairface_label_val.csv",
)

OLDEST_BUCKET: Final = 70
"""First age of the open bucket, taken to be ten years wide like its neighbours."""


@dataclass(frozen=True)
class FairFace:
    """One padding of the data set.

    Args:
        side: Of the published pictures, in pixels; tells the paddings apart.
    """

    name: str
    margin: float
    side: int
    shift: float = FAIRFACE_SHIFT
    are_crops: bool = True
    terms: str = TERMS

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read the rows of all label files of the archive."""
        files = find_files(archive, LABEL_FILES)
        if not files:
            raise DataError(
                f"{archive.path} holds none of {', '.join(LABEL_FILES)}. "
                "Put FairFace's CSV beside its photos."
            )
        tables = []
        for file in files:
            where = f"{file} in {archive.path}"
            table = self._parse(archive.read(file), where)
            tables.append(table.assign(member=folder_of(file) + table["id"]))
        rows = pd.concat(tables, ignore_index=True)
        self._refuse_other_padding(rows["member"], archive)
        return rows

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Read the rows of a label file that lies by itself."""
        return self._parse(read_file(metadata), str(metadata))

    def _parse(self, encoded: bytes, where: str) -> pd.DataFrame:
        table = parse_table(encoded, where, ("file", "gender"))
        low, high = _buckets(table, where)
        # 30-39 is told of whoever has had the 30th and not the 40th birthday.
        middle = (low + np.where(low >= OLDEST_BUCKET, low + 9, high)) / 2
        rows = pd.DataFrame(
            {
                "id": table["file"].fillna(""),
                "member": table["file"].fillna(""),
                "identity": pd.Series("", table.index, dtype="str"),
                "age": middle,
                "gender": genders(table["gender"]),
                "age_low": low.astype("float32"),
                "age_high": high.clip(upper=MAX_AGE).astype("float32"),
            }
        )
        if "race" in table.columns:
            rows["race"] = races(table["race"])
        return rows

    def _refuse_other_padding(self, wanted: pd.Series, archive: Archive) -> None:
        members = archive.members
        sound = members["name"].isin(wanted) & (members["fault"] == "")
        if not sound.any():
            return
        name = str(members["name"][sound].iloc[0])
        encoded = archive.read(name)
        try:
            side = max(decode_photo(encoded).shape[:2])
        except DataError:
            return  # a spoilt picture is set aside later, with its reason
        if side != self.side:
            raise DataError(
                f"{self.name} has pictures of {self.side} pixels. Received: {side} in "
                f"{name}. fairface is padding 1.25 (448), fairface-025 is padding 0.25 "
                "(224); give others as a table."
            )


def _buckets(table: pd.DataFrame, where: str) -> tuple[pd.Series, pd.Series]:
    """Return first and last age of each row's bucket, in whole years."""
    if {"age_low", "age_high"} <= set(table.columns):
        return numbers(table["age_low"]), numbers(table["age_high"])
    if "age" not in table.columns:
        raise DataError(
            f"{where} lacks age, or age_low and age_high. "
            f"Received: {list(table.columns)}."
        )
    bounds = table["age"].str.extract(r"^\s*(\d+)\s*-\s*(\d+)\s*$")
    is_open = table["age"].str.contains(r"more than|\+", case=False, na=False)
    return (
        numbers(bounds[0]).mask(is_open, OLDEST_BUCKET),
        numbers(bounds[1]).mask(is_open, MAX_AGE),
    )


FAIRFACE: Final = FairFace("fairface", FAIRFACE_MARGIN, side=448)
FAIRFACE_TIGHT: Final = FairFace("fairface-025", TIGHT_MARGIN, side=224)
