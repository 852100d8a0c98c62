"""Boxes of faces, as far as a table can tell whether they are sound."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

FARTHEST: Final = 100_000.0
"""Pixels from the photo's corner beyond which no edge of a box lies."""


def box_faults(boxes: ArrayLike) -> NDArray[np.str_]:
    """Tell what is wrong with boxes.

    Args:
        boxes: float64 (n, 4), x1, y1, x2, y2 in pixels, right and bottom exclusive.

    Returns:
        str (n,): `no_box` where a number is missing, `impossible_box` where it holds
        no pixel or lies far beyond any photo, else empty.
    """
    edges = np.asarray(boxes, dtype=np.float64)
    told = np.isfinite(edges).all(axis=1)
    sound = (edges[:, :2] < edges[:, 2:]).all(axis=1)
    sound &= (np.abs(edges) <= FARTHEST).all(axis=1)
    return np.select([~told, ~sound], ["no_box", "impossible_box"], "")
