"""What a data set must tell so that its photos can become faces."""

from pathlib import Path
from typing import Final, Protocol

import pandas as pd

from agegender.data.listing import BOX, Archive

NOT_KEPT: Final = frozenset({"member", "fault", "dob", *BOX})
"""Columns that lead to a face; all others of its row stay with its labels."""


class Source(Protocol):
    """A data set: how its rows are read and what its pictures are.

    A row of the tables is one photo: `id` str, unique within the source; `member`
    str, its name in the archive; `identity` str, the person, empty where the source
    knows none; `age` float64 in years, or the dates that `ages.with_ages` makes it
    of: `dob` float64, MATLAB's day number, and `photo_taken` float32, the year;
    `gender` float64 (0 female, 1 male), NaN where unknown; `fault` str, what reading
    found wrong, else empty; the box of the face where it is cut here (`BOX`). What
    else a source knows of a photo stays with its labels: scores of the face detector,
    a race code, bounds of the age's bucket, the year of the photo.
    """

    @property
    def name(self) -> str:
        """What the command line calls it."""
        ...

    @property
    def margin(self) -> float | None:
        """Photo around the face box in its pictures, as `CropRule.margin`.

        None where the user says: of whole photos, and of a table's pictures.
        """
        ...

    @property
    def shift(self) -> float | None:
        """How far its pictures are centred below the box, as `CropRule.shift`."""
        ...

    @property
    def are_crops(self) -> bool:
        """Whether its pictures are cut already; else each row has a box (`BOX`)."""
        ...

    @property
    def terms(self) -> str:
        """Its terms of use, in a line."""
        ...

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read one row a photo; positions in the table are its index."""
        ...

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Read the rows from a metadata file alone, without any photo."""
        ...
