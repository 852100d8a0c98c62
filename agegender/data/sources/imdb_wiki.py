"""IMDB-WIKI: crawled photos of famous people, with dates instead of ages.

A MATLAB v5 file, `imdb.mat` or `wiki.mat`, lies among the photos and describes them
in columns. IMDB has many photos of one person; WIKI's file names carry the page of
the encyclopaedia, which is the identity there, since names repeat or are empty. Both
are published as crops and as whole photos; the people are the same, and so are their
identities. Drawn samples have the same layout and people of their own.

Reference: Rothe et al., IJCV 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.data.listing import BOX, Archive
from agegender.data.matlab import MatlabError, read_struct
from agegender.data.sources.boxes import box_faults
from agegender.data.sources.labels_file import find_files, read_file
from agegender.errors import DataError

CROP_MARGIN: Final = 0.4
"""The crops hold the face with 40 % of its side on each side."""

TERMS: Final = "academic research only; the photos belong to their owners"
TERMS_OF_DRAWN: Final = "free; the faces are drawn and nobody's"

FIELDS: Final = (
    "dob",
    "photo_taken",
    "full_path",
    "gender",
    "face_score",
    "second_face_score",
)

CELEBRITY, LOCATION = "celeb_id", "face_location"
"""What only IMDB has, and what only whole photos need."""


@dataclass(frozen=True)
class ImdbWiki:
    """One half of IMDB-WIKI, as crops or as whole photos.

    Args:
        name: What the command line calls it.
        variable: Name of the half in its metadata.
        person: Pattern of a photo's path with the identity as its group.
        people: What precedes its identities, so that no other source's are theirs.
        are_crops: Whether the photos are cut already.
    """

    name: str
    variable: str
    person: str
    people: str
    margin: float | None = CROP_MARGIN
    shift: float | None = 0.0
    are_crops: bool = True
    terms: str = TERMS

    @property
    def metadata_name(self) -> str:
        """Name of the metadata file."""
        return f"{self.variable}.mat"

    def rows(self, archive: Archive) -> pd.DataFrame:
        """Read the rows that the archive's metadata file describes."""
        metadata = self._find_metadata(archive)
        folder = metadata[: -len(self.metadata_name)]
        rows = self._parse(archive.read(metadata), f"{metadata} in {archive.path}")
        return rows.assign(member=_members(folder, rows["id"], archive))

    def metadata_rows(self, metadata: Path) -> pd.DataFrame:
        """Read the rows of a metadata file that lies by itself."""
        return self._parse(read_file(metadata, "metadata"), str(metadata))

    def _find_metadata(self, archive: Archive) -> str:
        if found := find_files(archive, [self.metadata_name]):
            return found[0]
        names = archive.members["name"][archive.members["fault"] == ""]
        files = names.str.replace(r"^.*/", "", regex=True)
        others = sorted(files[files.str.endswith(".mat")])[:3]
        held = f"It holds {', '.join(others)}" if others else "It holds no .mat file"
        raise DataError(
            f"{archive.path} holds no {self.metadata_name}. {held}. "
            f"Give the whole of the {self.name} data set, photos and metadata."
        )

    def _parse(self, encoded: bytes, where: str) -> pd.DataFrame:
        fields = read_fields(encoded, self.variable, where, boxes=not self.are_crops)
        ids = _texts(fields["full_path"], f"full_path of {where}")
        columns = {
            name: _numbers(fields[name], f"{name} of {where}", len(ids))
            for name in FIELDS
            if name != "full_path"
        }
        if not self.are_crops:
            columns |= _boxes(fields, f"face_location of {where}", len(ids))
        with np.errstate(over="ignore"):  # what is no year need not fit
            columns["photo_taken"] = columns["photo_taken"].astype(np.float32)
        people = self._people(ids, fields, where)
        return pd.DataFrame({"id": ids, "member": ids, "identity": people, **columns})

    def _people(
        self, ids: pd.Series, fields: Mapping[str, NDArray[Any]], where: str
    ) -> pd.Series:
        found = ids.str.extract(self.person, expand=False)
        people = (f"{self.people}:" + found).where(found.notna(), "")
        if CELEBRITY not in fields:
            return people.astype("str")
        numbers = _numbers(fields[CELEBRITY], f"celeb_id of {where}", len(ids))
        known = np.isfinite(numbers) & (people == "").to_numpy()
        celebrities = pd.Series(np.where(known, numbers, 0), ids.index).astype("int64")
        named = f"{self.people}:celebrity " + celebrities.astype("str")
        return people.mask(known, named).astype("str")


def read_fields(
    encoded: bytes, name: str, where: str, *, boxes: bool = False
) -> dict[str, NDArray[Any]]:
    """Read the columns of an IMDB-WIKI metadata file.

    Args:
        encoded: The file's bytes.
        name: Variable to read, `imdb` or `wiki`.
        where: What error messages call the file.
        boxes: Whether to read `face_location`, (n, 4), too.

    Returns:
        Field -> array (n,); `celeb_id` only where the file has it.

    Raises:
        DataError: If it is no MATLAB v5 file or lacks the variable or a field.
    """
    try:
        variable = read_struct(
            encoded, name, {*FIELDS, CELEBRITY, *([LOCATION] * boxes)}
        )
    except MatlabError as error:
        raise DataError(
            f"{where} is not {name} metadata in MATLAB v5: {error}."
        ) from error
    if missing := [field for field in FIELDS if field not in variable.fields]:
        raise DataError(f"{where} lacks {missing}. Its fields: {variable.fields}.")
    return variable.columns


def _numbers(column: NDArray[Any], what: str, count: int) -> NDArray[np.float64]:
    if column.dtype.kind not in "iufb" or column.shape != (count,):
        raise DataError(
            f"{what} must be {count} numbers. Received: {_received(column)}."
        )
    return column.astype(np.float64)


def _boxes(
    fields: Mapping[str, NDArray[Any]], what: str, count: int
) -> dict[str, NDArray[Any]]:
    """Return boxes as we count pixels, and the fault of rows that have none."""
    located = fields.get(LOCATION)
    if located is None or located.dtype.kind != "f" or located.shape != (count, 4):
        received = "none" if located is None else _received(located)
        raise DataError(f"{what} must be {count} x 4 numbers. Received: {received}.")
    # Theirs start at 1 and include the last pixel.
    box = located.astype(np.float64) - (1.0, 1.0, 0.0, 0.0)
    return {**dict(zip(BOX, box.T, strict=True)), "fault": box_faults(box)}


def _members(folder: str, ids: pd.Series, archive: Archive) -> pd.Series:
    """Return the photos' names in the archive.

    They lie beside the metadata as published; where none does, they are looked for
    by folder and file name, as when the metadata came in an archive of its own.
    """
    members = folder + ids
    names = archive.members["name"][archive.members["fault"] == ""]
    if members.isin(names).any():
        return members
    tails = names.str.extract(r"([^/]+/[^/]+)$", expand=False)
    by_tail = pd.Series(names.to_numpy(), tails)[~tails.duplicated().to_numpy()]
    found = ids.map(by_tail[by_tail.index.notna()]).astype(object)
    return found.where(found.notna(), members).astype("str")


def _texts(column: NDArray[Any], what: str) -> pd.Series:
    if column.dtype != object:
        raise DataError(f"{what} must be texts. Received: {_received(column)}.")
    return pd.Series(column, dtype="str")


def _received(column: NDArray[Any]) -> str:
    return f"{' x '.join(map(str, column.shape))} of {column.dtype}"


IMDB_PERSON: Final = r"(?:^|/)(nm\d+)_[^/]*$"
WIKI_PAGE: Final = r"(?:^|/)(\d+)_[^/]*$"

IMDB: Final = ImdbWiki("imdb", "imdb", IMDB_PERSON, "imdb")
WIKI: Final = ImdbWiki("wiki", "wiki", WIKI_PAGE, "wiki")
IMDB_FULL: Final = replace(
    IMDB, name="imdb-full", margin=None, shift=None, are_crops=False
)
WIKI_FULL: Final = replace(
    WIKI, name="wiki-full", margin=None, shift=None, are_crops=False
)
SAMPLE: Final = replace(WIKI, name="sample", people="sample", terms=TERMS_OF_DRAWN)
