"""IMDB-WIKI: crawled photos of famous people, with dates instead of ages.

A MATLAB v5 file, `imdb.mat` or `wiki.mat`, lies among the photos and describes them
in columns. IMDB has many photos of one person; WIKI's file names carry the page of
the encyclopaedia, which is the identity there, since names repeat or are empty.

Reference: Rothe et al., IJCV 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.data.listing import MAX_METADATA_BYTES, Archive
from agegender.data.matlab import MatlabError, read_struct
from agegender.errors import DataError

CROP_MARGIN: Final = 0.4
"""The crops hold the face with 40 % of its side on each side."""

TERMS: Final = "academic research only; the photos belong to their owners"

FIELDS: Final = (
    "dob",
    "photo_taken",
    "full_path",
    "gender",
    "face_score",
    "second_face_score",
)


@dataclass(frozen=True)
class ImdbWiki:
    """One half of IMDB-WIKI.

    Args:
        name: Of the half, which is also the variable's name in the file.
        person: Pattern of a photo's path with the identity as its group.
    """

    name: str
    person: str
    margin: float = CROP_MARGIN
    shift: float = 0.0
    are_crops: bool = True
    terms: str = TERMS

    @property
    def metadata_name(self) -> str:
        """Name of the metadata file."""
        return f"{self.name}.mat"

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read the rows that the archive's metadata file describes."""
        metadata = self._find_metadata(archive)
        folder = metadata[: -len(self.metadata_name)]
        rows = self._parse(archive.read(metadata), f"{metadata} in {archive.path}")
        return rows.assign(member=folder + rows["id"])

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Read the rows of a metadata file that lies by itself."""
        try:
            size = metadata.stat().st_size
            if size > MAX_METADATA_BYTES:
                raise DataError(
                    f"{metadata} has {size} bytes; metadata has at most 1 GiB."
                )
            encoded = metadata.read_bytes()
        except OSError as error:
            raise DataError(
                f"metadata {metadata} cannot be read: {error.strerror}."
            ) from error
        return self._parse(encoded, str(metadata))

    def _find_metadata(self, archive: Archive) -> str:
        names = archive.members["name"][archive.members["fault"] == ""]
        files = names.str.replace(r"^.*/", "", regex=True)
        found = names[files == self.metadata_name]
        if len(found):
            return str(min(found, key=lambda name: (name.count("/"), name)))
        others = sorted(files[files.str.endswith(".mat")])[:3]
        held = f"It holds {', '.join(others)}" if others else "It holds no .mat file"
        raise DataError(
            f"{archive.path} holds no {self.metadata_name}. {held}. "
            f"Give the whole of the {self.name} data set, photos and metadata."
        )

    def _parse(self, encoded: bytes, where: str) -> pd.DataFrame:
        fields = read_fields(encoded, self.name, where)
        ids = _texts(fields["full_path"], f"full_path of {where}")
        columns = {
            name: _numbers(fields[name], f"{name} of {where}", len(ids))
            for name in FIELDS
            if name != "full_path"
        }
        with np.errstate(over="ignore"):  # what is no year need not fit
            columns["photo_taken"] = columns["photo_taken"].astype(np.float32)
        people = self._people(ids, fields, where)
        return pd.DataFrame({"id": ids, "member": ids, "identity": people, **columns})

    def _people(
        self, ids: pd.Series, fields: Mapping[str, NDArray[Any]], where: str
    ) -> pd.Series:
        found = ids.str.extract(self.person, expand=False)
        people = (f"{self.name}:" + found).where(found.notna(), "")
        if "celeb_id" not in fields:
            return people.astype("str")
        numbers = _numbers(fields["celeb_id"], f"celeb_id of {where}", len(ids))
        known = np.isfinite(numbers) & (people == "").to_numpy()
        celebrities = pd.Series(np.where(known, numbers, 0), ids.index).astype("int64")
        named = f"{self.name}:celebrity " + celebrities.astype("str")
        return people.mask(known, named).astype("str")


def read_fields(encoded: bytes, name: str, where: str) -> dict[str, NDArray[Any]]:
    """Read the columns of an IMDB-WIKI metadata file.

    Args:
        encoded: The file's bytes.
        name: Variable to read, `imdb` or `wiki`.
        where: What error messages call the file.

    Returns:
        Field -> array (n,); `celeb_id` only where the file has it.

    Raises:
        DataError: If it is no MATLAB v5 file or lacks the variable or a field.
    """
    try:
        variable = read_struct(encoded, name, {*FIELDS, "celeb_id"})
    except MatlabError as error:
        raise DataError(
            f"{where} is not {name} metadata in MATLAB v5: {error}."
        ) from error
    if missing := [field for field in FIELDS if field not in variable.fields]:
        raise DataError(f"{where} lacks {missing}. Its fields: {variable.fields}.")
    return variable.columns


def _numbers(column: NDArray[Any], what: str, count: int) -> NDArray[np.float64]:
    if column.dtype.kind not in "iufb" or len(column) != count:
        raise DataError(
            f"{what} must be {count} numbers. Received: {_received(column)}."
        )
    return column.astype(np.float64)


def _texts(column: NDArray[Any], what: str) -> pd.Series:
    if column.dtype != object:
        raise DataError(f"{what} must be texts. Received: {_received(column)}.")
    return pd.Series(column, dtype="str")


def _received(column: NDArray[Any]) -> str:
    return f"{len(column)} of {column.dtype}"


IMDB: Final = ImdbWiki("imdb", person=r"(?:^|/)(nm\d+)_[^/]*$")
WIKI: Final = ImdbWiki("wiki", person=r"(?:^|/)(\d+)_[^/]*$")
