"""IMDB-WIKI: crawled photos of famous people, with dates instead of ages.

A MATLAB v5 file, `imdb.mat` or `wiki.mat`, lies among the photos and describes them
in columns. IMDB has many photos of one person; WIKI's file names carry the page of
the encyclopaedia, which is the identity there, since names repeat or are empty.

Reference: Rothe et al., IJCV 2018.
"""

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from agegender.data.ages import age_when_taken
from agegender.data.listing import MAX_METADATA_BYTES, Archive
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

_BROKEN_MAT: Final = (
    MatReadError,
    NotImplementedError,
    zlib.error,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    MemoryError,
    EOFError,
)
"""What SciPy raises on files that are not, or no longer, MATLAB v5."""


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
        paths = _texts(fields["full_path"], f"full_path of {where}")
        columns = {
            name: _numbers(fields[name], f"{name} of {where}", len(paths))
            for name in FIELDS
            if name != "full_path"
        }
        ages = age_when_taken(columns.pop("dob"), columns.pop("photo_taken"))
        ids = pd.Series(paths, dtype="str")
        people = self._people(ids, fields, where)
        return pd.DataFrame(
            {"id": ids, "member": ids, "identity": people, "age": ages, **columns}
        )

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
        Field -> array of as many elements as there are photos.

    Raises:
        DataError: If it is no MATLAB v5 file or lacks the variable or a field.
    """
    try:
        # The stubs know paths alone; open files are documented.
        file: Any = io.BytesIO(encoded)
        variables = loadmat(file, chars_as_strings=True)
    except _BROKEN_MAT as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{where} is not a readable MATLAB v5 file: {reason}."
        ) from error

    struct = variables.get(name)
    if not isinstance(struct, np.ndarray) or struct.dtype.names is None:
        held = sorted(key for key in variables if not key.startswith("__"))
        raise DataError(f"{where} has no struct named {name}. Its variables: {held}.")
    if missing := [field for field in FIELDS if field not in struct.dtype.names]:
        raise DataError(
            f"{where} lacks {missing}. Its fields: {list(struct.dtype.names)}."
        )
    if struct.size != 1:
        raise DataError(
            f"{where} must hold one struct of columns. Received: {struct.size}."
        )
    record = struct.reshape(-1)[0]
    return {field: np.ravel(record[field]) for field in struct.dtype.names}


def _numbers(column: NDArray[Any], what: str, count: int) -> NDArray[np.float64]:
    if column.dtype.kind not in "iufb" or len(column) != count:
        raise DataError(
            f"{what} must be {count} numbers. Received: {_received(column)}."
        )
    return column.astype(np.float64)


def _texts(cells: NDArray[Any], what: str) -> NDArray[np.str_]:
    """Join a cell array of strings, each an array of one element, to one column."""
    texts = cells
    if len(cells) and cells.dtype == object:
        try:
            texts = np.concatenate([np.ravel(cell) for cell in cells])
        except (ValueError, TypeError):
            texts = cells
    if texts.dtype.kind != "U" or len(texts) != len(cells):
        raise DataError(
            f"{what} must be one text a photo. Received: {_received(cells)}."
        )
    return texts


def _received(column: NDArray[Any]) -> str:
    return f"{len(column)} of {column.dtype}"


IMDB: Final = ImdbWiki("imdb", person=r"(?:^|/)(nm\d+)_[^/]*$")
WIKI: Final = ImdbWiki("wiki", person=r"(?:^|/)(\d+)_[^/]*$")
