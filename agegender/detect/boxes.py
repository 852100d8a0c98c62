"""Arithmetic of boxes: float32 (N, 4), left, top, right, bottom, ends exclusive."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Overlap = Literal["union", "smaller"]


def suppress(
    boxes: Floats, scores: Floats, most: float, over: Overlap = "union"
) -> NDArray[np.intp]:
    """Pick the best box of every heap of overlapping boxes.

    Args:
        boxes: float32, (N, 4), pixels.
        scores: float32, (N,); higher is better.
        most: Largest overlap at which two boxes both stay, 0..1.
        over: What the shared area is divided by: the `union` of both boxes or
            the `smaller` of the two.

    Returns:
        Row numbers of the boxes that stay, best first.
    """
    order = np.argsort(-scores, kind="stable")
    starts, ends = boxes[:, :2], boxes[:, 2:]
    area = np.prod(ends - starts, axis=1)
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        sides = np.minimum(ends[best], ends[rest]) - np.maximum(
            starts[best], starts[rest]
        )
        shared = np.maximum(sides[:, 0], 0) * np.maximum(sides[:, 1], 0)
        whole = (
            area[best] + area[rest] - shared
            if over == "union"
            else np.minimum(area[best], area[rest])
        )
        order = rest[shared <= most * whole]
    return np.array(kept, np.intp)


def refine(boxes: Floats, offsets: Floats) -> Floats:
    """Move each edge by a share of the box's own width or height.

    Args:
        boxes: float32, (N, 4), pixels.
        offsets: float32, (N, 4), shares for left, top, right, bottom.

    Returns:
        float32, (N, 4), the moved boxes.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + offsets * np.tile(sides, 2)


def square(boxes: Floats) -> Floats:
    """Grow the shorter side to the longer one around the same centre.

    Args:
        boxes: float32, (N, 4), pixels.

    Returns:
        float32, (N, 4), squares.
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([centre - half, centre + half])
