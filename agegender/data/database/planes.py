"""Pixels the way MATLAB keeps them: the number of the face runs fastest.

One pixel's place and colour, of all faces, is a plane of N bytes; a face is strewn
over all 3 S² planes, from one end of the file to the other. So faces are read and
written in bands: as many neighbours as memory holds, plane by plane.
"""

from typing import IO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.errors import DataError

BAND_BYTES: Final = 2**26
"""Memory that a band takes."""


class Planes(NamedTuple):
    """Where the pixels of faces lie in a file."""

    start: int  # offset of the first, in bytes
    faces: int  # N
    size: int  # S, side in pixels

    @property
    def face_bytes(self) -> int:
        """Bytes of a face, which is also the number of planes."""
        return 3 * self.size**2

    @property
    def band(self) -> int:
        """How many faces make a band."""
        return max(1, BAND_BYTES // self.face_bytes)

    def read(self, file: IO[bytes], first: int, last: int) -> NDArray[np.uint8]:
        """Read the faces from `first` to before `last`.

        Args:
            file: At any position.
            first: Number of a face.
            last: Number after that of the last face.

        Returns:
            uint8 (3 S², n): each column is a face, row by row of its pixels, RGB.

        Raises:
            DataError: If the file ends before.
        """
        band = np.empty((self.face_bytes, last - first), dtype=np.uint8)
        for plane, values in enumerate(self._in_order_of_file(band)):
            file.seek(self.start + plane * self.faces + first)
            if file.readinto(values.data) < len(values):  # type: ignore[attr-defined]
                raise DataError("the database of faces was cut while in use.")
        return band

    def write(self, file: IO[bytes], first: int, band: NDArray[np.uint8]) -> None:
        """Write neighbouring faces.

        Args:
            file: At any position.
            first: Number of the first face.
            band: uint8 (3 S², n), as `read` returns it.
        """
        for plane, values in enumerate(self._in_order_of_file(band)):
            file.seek(self.start + plane * self.faces + first)
            file.write(values.data)

    def _in_order_of_file(self, band: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Return the rows of a band: blue before red, columns before rows."""
        shape = (self.size, self.size, 3)
        rows = np.arange(self.face_bytes).reshape(shape)[..., ::-1]
        return [band[row] for row in rows.transpose(2, 1, 0).ravel().tolist()]
