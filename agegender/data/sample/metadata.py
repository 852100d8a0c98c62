"""The MATLAB file of an archive, field by field as in the genuine wiki.mat."""

from io import BytesIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.io import savemat

HEADER = b"MATLAB 5.0 MAT-file, drawn sample in the shape of IMDB-WIKI"
HEADER_SIZE = 116
"""Bytes of free text at the start of a MATLAB v5 file."""


def matlab_file(rows: pd.DataFrame) -> bytes:
    """Return a wiki.mat of rows; the same bytes for the same rows.

    Args:
        rows: As `draw_rows` makes them.

    Reference: Rothe et al., IJCV 2018.
    """
    boxes = rows[["x1", "y1", "x2", "y2"]].to_numpy(dtype=np.float64)
    fields = {
        "dob": _row(rows["dob"], np.int32),
        "photo_taken": _row(rows["photo_taken"], np.uint16),
        "full_path": _cell([np.array([path]) for path in rows["path"]]),
        "gender": _row(rows["gender"], np.float64),
        "name": _cell([_text(name) for name in rows["name"]]),
        "face_location": _cell([_compact(box) for box in boxes]),
        "face_score": _row(rows["face_score"], np.float64),
        "second_face_score": _row(rows["second_face_score"], np.float64),
    }
    written = BytesIO()
    # Files are fine, too, though the stubs know paths alone.
    savemat(written, {"wiki": fields}, do_compression=True)  # type: ignore[arg-type]
    # The writer puts the time of day into the free text.
    return HEADER.ljust(HEADER_SIZE) + written.getvalue()[HEADER_SIZE:]


def _row(column: pd.Series, dtype: type[np.generic]) -> NDArray[np.generic]:
    return column.to_numpy(dtype=dtype)[None, :]


def _cell(values: list[NDArray[np.generic]]) -> NDArray[np.object_]:
    cell = np.empty((1, len(values)), dtype=object)
    cell[0, :] = values
    return cell


def _text(name: str) -> NDArray[np.str_]:
    return np.array([name]) if name else np.array([], dtype="<U1")


def _compact(box: NDArray[np.float64]) -> NDArray[np.generic]:
    """Return a (1, 4) box in the smallest type, as MATLAB stores whole numbers."""
    if (box % 1).any():
        return box[None, :]
    small = box.max() <= np.iinfo(np.uint8).max
    return box[None, :].astype(np.uint8 if small else np.uint16)
