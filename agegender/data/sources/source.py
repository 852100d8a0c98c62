"""What a data set must tell so that its photos can become faces."""

from pathlib import Path
from typing import Final, Protocol

import pandas as pd

from agegender.data.listing import Archive

QUALITY_COLUMNS: Final = (
    "face_score",
    "second_face_score",
    "race",
    "age_low",
    "age_high",
    "age_sd",
    "real_age",
    "photo_taken",
)
"""What only some sources know of a photo; kept with the labels: scores of the face
detector, UTKFace's race code, bounds of the age's bucket, spread of the guesses
and real age where the age is the apparent one, in years, and the year of the photo."""


class Source(Protocol):
    """A data set: how its rows are read and what its pictures are.

    A row of the tables is one photo: `id` str, unique within the source; `member`
    str, its name in the archive; `identity` str, the person, empty where the source
    knows none; `age` float64 in years, or the dates that `ages.with_ages` makes it
    of: `dob` float64, MATLAB's day number, and `photo_taken` float32, the year;
    `gender` float64 (0 female, 1 male), NaN where unknown; `fault` str, what reading
    found wrong, else empty; the box of the face where it is cut here; and those of
    `QUALITY_COLUMNS` that the source has.
    """

    @property
    def name(self) -> str:
        """What the command line calls it."""
        ...

    @property
    def margin(self) -> float:
        """Photo around the face box in its pictures, as `CropRule.margin`."""
        ...

    @property
    def shift(self) -> float:
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
