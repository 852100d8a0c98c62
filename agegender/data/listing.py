"""What an archive must offer, and how its files are listed.

Names are only ever looked up in the listing that the archive itself gave, so that
no path in a metadata file can reach beyond it. What is no plain file, or has a
name or size that no photo has, is listed with its fault and never read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.errors import DataError
from agegender.progress import Progress, silent

MAX_PHOTO_BYTES: Final = 64 * 2**20
MAX_METADATA_BYTES: Final = 2**30
MAX_ROWS: Final = 2**22
"""Of a listing or a table: nine times as many as IMDB has, and still held in memory."""

CHUNK: Final = 256
"""Photos handed out together: enough that handing out costs nothing."""

BOX: Final = ("x1", "y1", "x2", "y2")
"""Columns of a face's box, float64, in pixels of its photo from the top left corner,
right and bottom exclusive; NaN where the picture is the crop itself."""

FAULTS: Final = ("not_a_file", "unsafe_path", "too_large")
"""Why a file that is there is not read."""

_UNSAFE_NAME: Final = r"^/|^[A-Za-z]:|\\|(?:^|/)\.\.(?:/|$)"


class Photos(Protocol):
    """Encoded photos that may be carried to another process before they are read."""

    def __iter__(self) -> Iterator[bytes | None]:
        """Yield the bytes of each photo; None where its file has gone."""
        ...


class Chunk(NamedTuple):
    """Some photos and what they are to the one who asked for them."""

    positions: NDArray[np.int64]  # index labels of the rows asked for
    photos: Photos
    boxes: NDArray[np.float64] | None = None  # (n, 4) as `BOX`; None: all are crops


def chunk_of(wanted: pd.DataFrame, photos: Photos) -> Chunk:
    """Make the chunk of some wanted rows, with their boxes where they have any."""
    has_boxes = set(BOX) <= set(wanted.columns)
    boxes = wanted[[*BOX]].to_numpy(dtype=np.float64) if has_boxes else None
    return Chunk(wanted.index.to_numpy(), photos, boxes)


class Archive(Protocol):
    """Files by name, in a folder or a tar archive."""

    path: Path

    @property
    def members(self) -> pd.DataFrame:
        """One row a file: `name`, `size` in bytes, `place`, `fault` (else empty)."""
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes of one member."""
        ...

    def chunks(self, wanted: pd.DataFrame) -> Iterator[Chunk]:
        """Hand out the wanted rows of `members` in the order they lie in.

        Args:
            wanted: Rows of `members`, any index; one member may come several times,
                and may have the columns of `BOX`.
        """
        ...

    def digest(self, progress: Progress = silent) -> str:
        """Return `sha256:…` of the archive, or of a folder's names and sizes.

        Large archives tell the bytes read, and are read once, however often asked.
        """
        ...


def list_members(entries: Sequence[tuple[str, int, int, bool]]) -> pd.DataFrame:
    """Make a listing of (name, size, place, is a plain file), faults found.

    Returns:
        `name` str, relative, with `/`; `size` int64, bytes; `place` int64, where
        the archive finds it; `fault` str: `not_a_file` (a link or device),
        `unsafe_path`, `too_large`, `repeated_name` (a later member of that name
        takes its place), or empty.
    """
    readable = [(_readable(name), *others) for name, *others in entries]
    members = pd.DataFrame(readable, columns=["name", "size", "place", "plain"])
    members = members.astype({"name": "str", "size": "int64", "place": "int64"})
    names = members["name"].str.replace(r"^(?:\./)+", "", regex=True)
    # Metadata may be larger than a photo and is asked for by name.
    limit = np.where(names.str.endswith(".mat"), MAX_METADATA_BYTES, MAX_PHOTO_BYTES)
    faults = [
        ("not_a_file", ~members["plain"].astype(bool)),
        ("unsafe_path", names.str.contains(_UNSAFE_NAME, regex=True)),
        ("too_large", members["size"] > limit),
        ("repeated_name", names.duplicated(keep="last")),
    ]
    fault = np.select([mask for _, mask in faults], [name for name, _ in faults], "")
    columns = {"name": names, "fault": pd.Series(fault, members.index, dtype="str")}
    return members.drop(columns="plain").assign(**columns)


def _readable(name: str) -> str:
    # Bytes that are no UTF-8 are spelt with backslashes, which no safe name has.
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def place_of(archive: Archive, name: str) -> int:
    """Return the place of a member that must be there and sound."""
    members = archive.members
    found = members[(members["name"] == name) & (members["fault"] == "")]
    if found.empty:
        raise DataError(f"{archive.path} holds no readable file {name}.")
    return int(found["place"].iloc[0])


def locate(rows: pd.DataFrame, archive: Archive) -> pd.DataFrame:
    """Look the rows' members up; rows that the archive has not are left out.

    Args:
        rows: With `member`, the name, and `BOX` where faces are cut here.
        archive: Whose `members` are looked through.

    Returns:
        What `Archive.chunks` takes: `name`, `size`, `place`, `BOX`; index of the rows.
    """
    members = archive.members
    sound = members[members["fault"] == ""].set_index("name")[["size", "place"]]
    boxes = [name for name in BOX if name in rows.columns]
    wanted = rows[["member", *boxes]].rename(columns={"member": "name"})
    wanted = wanted.join(sound, on="name")
    return wanted[wanted["place"].notna()].astype({"size": "int64", "place": "int64"})


def in_chunks(wanted: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Cut a table into pieces of `CHUNK` rows."""
    for start in range(0, len(wanted), CHUNK):
        yield wanted.iloc[start : start + CHUNK]
