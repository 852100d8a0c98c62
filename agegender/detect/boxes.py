"""Arithmetic of boxes: float32 (N, 4), left, top, right, bottom, ends exclusive."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Overlap = Literal["union", "smaller"]

ROWS: Final = 64
"""Boxes that are held against all others at once, which bounds the memory used."""


def suppress(
    boxes: Floats,
    scores: Floats,
    most: float,
    over: Overlap = "union",
    groups: NDArray[np.intp] | None = None,
) -> NDArray[np.intp]:
    """Pick the best box of every heap of overlapping boxes.

    Args:
        boxes: float32, (N, 4), pixels.
        scores: float32, (N,); higher is better.
        most: Largest overlap at which two boxes both stay, 0..1.
        over: What the shared area is divided by: the `union` of both boxes or
            the `smaller` of the two.
        groups: (N,); boxes of different groups leave each other alone. None: all
            are of one.

    Returns:
        Row numbers of the boxes that stay, best first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes = boxes[order]
    group = None if groups is None else groups[order]
    stays = np.ones(len(boxes), bool)
    kept: list[int] = []
    for start in range(0, len(boxes), ROWS):
        rows = start + np.flatnonzero(stays[start : start + ROWS])
        covered = overlaps(boxes[rows], boxes, over) > most
        if group is not None:
            covered &= group[rows, None] == group
        for row, is_covered in zip(rows.tolist(), covered, strict=True):
            if stays[row]:
                kept.append(row)
                stays &= ~is_covered
    return np.asarray(order[kept])


def overlaps(some: Floats, others: Floats, over: Overlap = "union") -> Floats:
    """Return how much each of some boxes overlaps each of others.

    Args:
        some: (N, 4), pixels.
        others: (M, 4), pixels.
        over: What the shared area is divided by, as for `suppress`.

    Returns:
        (N, M), 0..1; 0 where a box has no area.
    """
    start = np.maximum(some[:, None, :2], others[None, :, :2])
    sides = np.maximum(np.minimum(some[:, None, 2:], others[None, :, 2:]) - start, 0)
    shared = sides[..., 0] * sides[..., 1]
    one, other = _areas(some)[:, None], _areas(others)[None]
    whole = one + other - shared if over == "union" else np.minimum(one, other)
    none = np.zeros_like(shared)
    return np.asarray(np.divide(shared, whole, out=none, where=whole > 0))


def _areas(boxes: Floats) -> Floats:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1])


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
