"""APPA-REAL: how old many people guessed a face to be, and how old it was.

Three CSV files hold the mean of the guesses; the faces lie in folders of the same
names, cropped with a 40 % margin. The age learned is the apparent one, since that
is what a picture shows; the real one is kept beside it. Genders are unknown.

Reference: Agustsson et al., FG 2017.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from agegender.data.listing import Archive
from agegender.data.sources.labels_file import (
    find_files,
    folder_of,
    numbers,
    parse_table,
    read_file,
)
from agegender.errors import DataError

CROP_MARGIN: Final = 0.4

TERMS: Final = "research only; the photos belong to their owners"

PARTS: Final = ("train", "valid", "test")

COLUMNS: Final = ("file_name", "apparent_age_avg", "apparent_age_std", "real_age")


@dataclass(frozen=True)
class AppaReal:
    """The data set."""

    name: str = "appa-real"
    margin: float = CROP_MARGIN
    shift: float = 0.0
    are_crops: bool = True
    terms: str = TERMS

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read the rows of the parts that the archive holds."""
        parts = {f"gt_avg_{part}.csv": part for part in PARTS}
        files = find_files(archive, parts)
        if not files:
            raise DataError(
                f"{archive.path} holds none of {', '.join(parts)}. "
                "Give the whole of APPA-REAL, labels and photos."
            )
        tables = []
        for file in files:
            folder = folder_of(file)
            part = parts[file.removeprefix(folder)]
            table = _parse(archive.read(file), f"{file} in {archive.path}", part)
            tables.append(table.assign(member=folder + table["member"]))
        return pd.concat(tables, ignore_index=True)

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Read the rows of one of the CSV files."""
        part = metadata.stem.removeprefix("gt_avg_")
        return _parse(read_file(metadata), str(metadata), part)


def _parse(encoded: bytes, where: str, part: str) -> pd.DataFrame:
    table = parse_table(encoded, where, COLUMNS)
    ids = f"{part}/" + table["file_name"].fillna("")
    return pd.DataFrame(
        {
            "id": ids,
            "member": ids + "_face.jpg",
            "identity": pd.Series("", table.index, dtype="str"),
            "age": numbers(table["apparent_age_avg"]),
            "gender": np.full(len(table), np.nan),
            "age_sd": numbers(table["apparent_age_std"]).astype("float32"),
            "real_age": numbers(table["real_age"]).astype("float32"),
        }
    )


APPA_REAL: Final = AppaReal()
