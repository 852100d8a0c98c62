"""Where labels go: inside the picture, beside their face, never on one another."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Area(NamedTuple):
    """A rectangle in pixels, right and bottom exclusive."""

    left: float
    top: float
    right: float
    bottom: float


def place(
    face: Area,
    shapes: Sequence[tuple[float, float]],
    taken: Sequence[Area],
    faces: Sequence[Area],
    picture: tuple[int, int],
) -> tuple[int, Area] | None:
    """Find room for one label.

    Args:
        face: The face that the label belongs to.
        shapes: (width, height) of the ways to write it, the best first.
        taken: Labels already placed; never covered.
        faces: All faces; covered as little as can be.
        picture: Width and height.

    Returns:
        The number of the shape and its place; None where no room is left.
    """
    width, height = picture
    room = Area(0, 0, width, height)
    numbered = [
        (number, spot)
        for number, shape in enumerate(shapes)
        for spot in _spots(face, shape, room)
    ]
    spots = [spot for _, spot in numbered]
    is_free = ~shared_areas(spots, taken).any(axis=1)
    if not is_free.any():
        return None
    covered = np.where(is_free, shared_areas(spots, faces).sum(axis=1), np.inf)
    # The first of equals, so the order of shapes and spots decides.
    return numbered[int(covered.argmin())]


def shared_areas(ones: Sequence[Area], others: Sequence[Area]) -> NDArray[np.float64]:
    """Return what each shares with each other, (ones, others), in square pixels."""
    one, other = (
        np.array(areas, np.float64).reshape(-1, 4) for areas in (ones, others)
    )
    left, top = (np.maximum.outer(one[:, n], other[:, n]) for n in (0, 1))
    right, bottom = (np.minimum.outer(one[:, n], other[:, n]) for n in (2, 3))
    shared: NDArray[np.float64] = np.maximum(right - left, 0.0)
    shared *= np.maximum(bottom - top, 0.0)
    return shared


def _spots(face: Area, shape: tuple[float, float], room: Area) -> Iterator[Area]:
    """Yield places for a label: above, below, beside, inside, then further away."""
    width, height = shape
    if width > room.right or height > room.bottom:
        return
    middle = (face.left + face.right - width) / 2
    corners = [
        (left, top)
        for top in (face.top - height, face.bottom)
        for left in (face.left, face.right - width, middle)
    ]
    corners += [
        (left, top)
        for left in (face.right, face.left - width)
        for top in (face.top, face.bottom - height)
    ]
    corners += [(face.left, face.top), (face.left, face.bottom - height)]
    corners += [
        (face.left, face.top + step * height) for step in (-2, -3, 1, 2, 3, 4, 5)
    ]
    for left, top in corners:
        inside_left = min(max(left, room.left), room.right - width)
        inside_top = min(max(top, room.top), room.bottom - height)
        yield Area(inside_left, inside_top, inside_left + width, inside_top + height)
