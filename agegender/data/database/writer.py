"""A face store as the original experiment's database, for programs that read that.

It is written band by band, as `Planes` tells, under a hidden name beside its place,
and renamed when whole. Nothing in it depends on when or where it was written.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from agegender.data.database.planes import Planes
from agegender.data.listing import CHUNK
from agegender.data.matlab.encoding import KINDS, head, header, padding, row
from agegender.data.places import begins_with, is_taken
from agegender.data.sources.mat_db import MAT_DB
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.lock import only_writer
from agegender.progress import Progress, silent
from agegender.whole import part_of

HEADER: Final = header("MATLAB 5.0 MAT-file, faces and labels written by agegender")
"""Beginning of the file; by it a file of ours is known."""

MOST_BYTES: Final = 2**31
"""A variable of such a file is smaller."""

USUALLY_LOST: Final = 0.1
"""Share of photos, at most, that turn out unfit once they are decoded."""


def refuse_place(path: Path) -> None:
    """Raise if no database can be written there.

    Raises:
        DataError: If something else is there, or nobody may write.
    """
    # What is no file may be a pipe, which nobody writes to.
    is_ours = os.path.isfile(path) and begins_with(path, HEADER)  # noqa: PTH113
    if is_taken(path) and not is_ours:
        raise DataError(
            f"{path} exists and was not written by this program; it stays. "
            "Give another place."
        )
    with only_writer(path):
        pass


def refuse_too_many(
    faces: int, size: int, *, lost: float = 0.0, most_bytes: int = MOST_BYTES
) -> None:
    """Raise if so many faces do not fit.

    Args:
        faces: How many.
        size: Side of each, in pixels.
        lost: Share of them that may yet turn out unfit.
        most_bytes: Size of a variable that is too large.

    Raises:
        DataError: If they do not fit.
    """
    most = (most_bytes - 1) // Planes(0, 0, size).face_bytes
    if faces * (1 - lost) > most:
        raise DataError(
            f"{faces:,} faces of {size} px do not fit into a MATLAB v5 file, whose "
            f"variables stay below {most_bytes:,} bytes: {most:,} of them do. Give a "
            "smaller size or stricter rules, or leave also_mat out."
        )


def write_database(
    store: FaceStore,
    path: str | Path,
    *,
    most_bytes: int = MOST_BYTES,
    progress: Progress = silent,
) -> Path:
    """Write all faces of a store, of all splits, in the store's order.

    Args:
        store: The faces. Ages are rounded to whole years; an unknown gender is NaN,
            for which all genders become doubles.
        path: The file to make; one that was written here before is replaced.
        most_bytes: Size of a variable that is too large.
        progress: Told of the faces written.

    Returns:
        The path.

    Raises:
        DataError: If they do not fit, or the place cannot be written.
    """
    path, size = Path(path), store.manifest.crop_rule.size
    whole = f"The store {store.path} is whole."
    try:
        refuse_too_many(len(store), size, most_bytes=most_bytes)
        refuse_place(path)
        _write(store, path, progress)
    except DataError as error:
        raise DataError(f"{error} {whole}") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}. {whole}"
        ) from error
    return path


def _write(store: FaceStore, path: Path, progress: Progress) -> None:
    with part_of(path) as part, part.open("wb") as file:
        _write_faces(store, file, f"faces to {path.name}", progress)
        for name, column in _columns(store):
            file.write(row(name, column))
        file.flush()
        os.fsync(file.fileno())


def _write_faces(
    store: FaceStore, file: IO[bytes], what: str, progress: Progress
) -> None:
    count, size = store.faces.shape[:2]
    content = store.faces.size
    sides = (count, size, size, 3)
    file.write(HEADER + head("image", KINDS["u1"], sides, content))
    planes = Planes(file.tell(), count, size)
    for first, band in _bands(store.faces, planes):
        planes.write(file, first, band)
        progress(first + band.shape[1], count, what)
    file.seek(planes.start + content)
    file.write(padding(content))


def _bands(
    faces: NDArray[np.uint8], planes: Planes
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for first in range(0, planes.faces, planes.band):
        some = faces[first : first + planes.band]
        band = np.empty((planes.face_bytes, len(some)), dtype=np.uint8)
        # A few faces at a time are turned over within the processor's cache.
        for at in range(0, len(some), CHUNK):
            few = some[at : at + CHUNK]
            band[:, at : at + CHUNK] = few.reshape(len(few), -1).T
        yield first, band


def _columns(store: FaceStore) -> Iterator[tuple[str, NDArray[np.generic] | str]]:
    """Yield the variables after the image, in the order of the original."""
    gender = store.labels["gender"].to_numpy()
    known = gender >= 0
    as_numbers = np.where(known, gender, np.nan)
    yield "gender", gender.astype(np.int64) if known.all() else as_numbers
    yield "age", np.rint(store.labels["age"].to_numpy()).astype(np.int64)
    yield "db", _made_of(store)
    yield "img_size", np.array([store.manifest.crop_rule.size], dtype=np.int64)
    yield "min_score", np.array([store.manifest.filter_rules.min_face_score])


def _made_of(store: FaceStore) -> str:
    """Name the sources, and the crop where it is not IMDB-WIKI's."""
    names = "+".join(source["name"] for source in store.manifest.sources) or "unknown"
    crop = store.manifest.crop_rule
    if (crop.margin, crop.shift) == (MAT_DB.margin, MAT_DB.shift):
        return names
    return f"{names}, margin {crop.margin:g}, shift {crop.shift:g}"
