"""The original experiment's own database, `imdb_db.mat`, as a data set.

Its faces are IMDB-WIKI's crops, filtered, shrunk and decoded already; of the rest of
the metadata only age and gender are left. It names nobody, so that each face passes
for a person of its own unless its pixels are those of another: prepare the archive
itself where splits by person matter.

Reference: Rothe et al., IJCV 2018.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from agegender.data.database.reader import FaceDatabase
from agegender.data.listing import Archive
from agegender.data.sources.imdb_wiki import CROP_MARGIN, TERMS
from agegender.errors import DataError

MADE_OF: Final = frozenset(
    {"imdb", "wiki", "imdb-full", "wiki-full", "sample", "mat-db"}
)
"""What the database may say it was made of, several joined by `+`: all cut alike,
and female is 0."""


@dataclass(frozen=True)
class MatDb:
    """The data set."""

    name: str = "mat-db"
    margin: float = CROP_MARGIN
    shift: float = 0.0
    are_crops: bool = True
    terms: str = TERMS

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read the labels of all faces of a database."""
        if not isinstance(archive, FaceDatabase):
            raise DataError(
                f"{archive.path} is no database of faces. Give imdb_db.mat itself as "
                "the archive."
            )
        _refuse_others(archive)
        names = archive.members["name"]
        identity = pd.Series("", index=names.index, dtype="str")
        labels = {"id": names, "member": names, "identity": identity}
        return pd.DataFrame({**labels, **archive.labels})

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Read the labels alone; they lie in the same file as the faces."""
        return self.rows(FaceDatabase(metadata))


def _refuse_others(database: FaceDatabase) -> None:
    if database.db.startswith("utk"):
        raise DataError(
            f"{database.path} was made of UTKFace, where 0 is male and faces are cut "
            "tighter than IMDB-WIKI's. Give UTKFace's own archive as source utkface."
        )
    if not set(database.db.split("+")) <= MADE_OF:
        raise DataError(
            f"{database.path} must be made of imdb or wiki, whose crops and genders "
            f"are known. Received: db {database.db!r}."
        )


MAT_DB: Final = MatDb()
