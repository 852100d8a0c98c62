"""`faces.npy`: written piece by piece, read through a memory map.

Pieces are written by ordinary writes at their offset, not through a map: on a full
disk a write fails with an error, while a map would end the process.
"""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from tokenize import TokenError
from typing import Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from agegender.errors import DataError, first_line

Pieces = Iterable[tuple[NDArray[np.int64], NDArray[np.uint8]]]
"""Row numbers (n,) and their faces (n, S, S, 3), in any order, each row once."""

Shape = tuple[int, int, int, int]

BROKEN_ARRAYS: Final = (
    OSError,
    EOFError,
    LookupError,
    RuntimeError,
    ValueError,
    TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy raises on broken files, packed or not; it has no error of its own."""

_UINT8: Final = "|u1"


def write_faces(path: Path, pieces: Pieces, shape: Shape) -> None:
    """Write a NumPy file of which no more than a piece is ever in memory.

    Args:
        path: The file.
        pieces: All rows, each once.
        shape: (N, S, S, 3).

    Raises:
        DataError: If the pieces are not N faces of that size.
    """
    written = np.zeros(shape[0], dtype=np.int64)
    stride = int(np.prod(shape[1:]))
    with path.open("wb") as file:
        header = {"descr": _UINT8, "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(file, header)
        start = file.tell()
        for rows, faces in pieces:
            if faces.dtype != np.uint8 or faces.shape != (len(rows), *shape[1:]):
                raise DataError(
                    f"faces must be uint8 {(len(rows), *shape[1:])}. "
                    f"Received: {faces.dtype} {faces.shape}."
                )
            if len(rows) and (rows.min() < 0 or rows.max() >= shape[0]):
                raise DataError(
                    f"labels describe {shape[0]} faces. Received: row {rows.max()}."
                )
            np.add.at(written, rows, 1)
            for row, face in zip(rows.tolist(), faces, strict=True):
                file.seek(start + row * stride)
                file.write(np.ascontiguousarray(face).data)
    if not np.all(written == 1):
        raise DataError(
            f"labels describe {shape[0]} faces. Received: {int(written.sum())}."
        )


def map_faces(path: Path, shape: Shape) -> NDArray[np.uint8]:
    """Map the file into memory.

    Raises:
        DataError: If it is missing, damaged, or of another dtype or shape.
    """
    try:
        faces: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise DataError(
            f"{path.parent} is not a whole face store: it has no {path.name}."
        ) from error
    except BROKEN_ARRAYS as error:
        raise DataError(
            f"{path} is damaged: {first_line(error)}. Run prep again."
        ) from error
    if faces.dtype != np.uint8 or faces.shape != shape:
        raise DataError(
            f"{path} must hold uint8 {shape}, as the labels and the manifest say. "
            f"Received: {faces.dtype} {faces.shape}. Run prep again."
        )
    return faces
