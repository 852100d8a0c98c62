"""The database as an archive: each face in it is a picture with a number.

Its pixels are what the original experiment wrote, after it had decoded and shrunk
the photos; they are handed out as they are.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.data.database.bitmap import encode, file_bytes
from agegender.data.database.planes import Planes
from agegender.data.digest import digest_of_archive
from agegender.data.listing import (
    CHUNK,
    Chunk,
    chunk_of,
    in_chunks,
    list_members,
    place_of,
)
from agegender.data.matlab import MatlabError, Variable, list_variables
from agegender.errors import DataError
from agegender.progress import Progress, silent

MARK: Final = b"MATLAB "
"""How the file begins."""

NEEDED: Final = ("image", "gender", "age", "db")

LARGEST: Final = 512
"""Side of a face, in pixels."""

UINT8, BYTES = 9, 2
"""Kind of an array of bytes, and of the element in it."""


class FaceDatabase:
    """A database of faces, open for reading.

    Attributes:
        path: The file.
        db: What it was made of, in its own word.
        planes: Where its pixels lie.
        labels: One row a face: `age` float64, years; `gender` float64, as the file
            has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest = ""
        try:
            variables = list_variables(path)
            _refuse_missing(variables)
            self._image = variables["image"]
            count, size = _sides(self._image)
            self.db = variables["db"].text()
            columns = {name: _column(variables[name], count) for name in NEEDED[1:3]}
        except MatlabError as error:
            raise DataError(
                f"{path} is no database of faces in MATLAB v5: {error}. Give metadata "
                "without photos by --metadata."
            ) from error
        except OSError as error:
            raise DataError(
                f"archive {path} cannot be read: {error.strerror or error}."
            ) from error
        self.planes = Planes(self._image.content.start, count, size)
        self.labels = pd.DataFrame(columns)

    @cached_property
    def members(self) -> pd.DataFrame:
        """The faces, `000000.bmp` and so on."""
        size = file_bytes(self.planes.size)
        numbers = range(self.planes.faces)
        return list_members([(f"{n:06d}.bmp", size, n, True) for n in numbers])

    def read(self, name: str) -> bytes:
        """Return one face as a BMP file."""
        return next(self._stream(np.array([place_of(self, name)])))

    def chunks(self, wanted: pd.DataFrame) -> Iterator[Chunk]:
        """Carry the faces themselves, in the order they lie in."""
        wanted = wanted.sort_values("place", kind="stable")
        photos = self._stream(wanted["place"].to_numpy())
        for part in in_chunks(wanted):
            yield chunk_of(part, tuple(islice(photos, len(part))))

    def digest(self, progress: Progress = silent) -> str:
        """Return the digest of the file; it is read the first time alone."""
        self._digest = self._digest or digest_of_archive(self.path, progress)
        return self._digest

    def _stream(self, places: NDArray[np.int64]) -> Iterator[bytes]:
        """Yield the faces at rising places; a place may come several times."""
        try:
            with self._image.opened() as (file, start):
                planes = self.planes._replace(start=start)
                bands = places // planes.band
                for number in np.unique(bands).tolist():
                    yield from _files(planes, file, places[bands == number])
        except MatlabError as error:
            raise DataError(f"{self.path} is damaged: {error}.") from error
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read: {error.strerror or error}."
            ) from error


def _files(
    planes: Planes, file: IO[bytes], places: NDArray[np.int64]
) -> Iterator[bytes]:
    """Yield neighbouring faces, of which the band between is read."""
    first, last = int(places[0]), int(places[-1]) + 1
    band, side = planes.read(file, first, last), planes.size
    for at in range(0, len(places), CHUNK):
        columns = places[at : at + CHUNK] - first
        faces = np.ascontiguousarray(band[:, columns].T)
        yield from encode(faces.reshape(len(columns), side, side, 3))


def _refuse_missing(variables: Mapping[str, Variable]) -> None:
    if missing := [name for name in NEEDED if name not in variables]:
        held = ", ".join(variables) or "nothing"
        raise MatlabError(f"it lacks {', '.join(missing)}, and holds {held}")


def _sides(image: Variable) -> tuple[int, int]:
    """Return number and side of the faces."""
    sides = image.matrix.sides
    is_square = len(sides) == 4 and sides[1] == sides[2] and sides[3] == 3
    if image.matrix.kind != UINT8 or image.content.kind != BYTES or not is_square:
        raise MatlabError(
            f"its image must be uint8 (N, S, S, 3), not kind {image.matrix.kind} "
            f"of sides {sides}"
        )
    count, size = sides[:2]
    if count == 0:
        raise MatlabError("it holds no face")
    if not 1 <= size <= LARGEST or image.content.size != count * 3 * size**2:
        raise MatlabError(
            f"its image of sides {sides} holds {image.content.size} bytes, or faces "
            f"of more than {LARGEST} pixels"
        )
    return count, size


def _column(variable: Variable, count: int) -> NDArray[np.float64]:
    if variable.matrix.length != count:
        raise MatlabError(
            f"it holds {count} faces, but {variable.matrix.length} numbers "
            f"of {variable.matrix.name}"
        )
    return variable.numbers().astype(np.float64)
