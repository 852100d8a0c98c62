"""Geometry of a batch of faces, all of it at once, border pixels repeated.

Mirroring and shifting by whole pixels only reorder pixels. Whatever turns or scales
falls between pixels: there, four neighbours of a line are laid side by side first, so
that four look-ups find all sixteen around a place.
"""

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

_TAPS = 4
"""Lines of pixels that a place between lines is made up of, each way."""


def shifted_lines(offset: Any, side: int) -> Any:
    """Return the line that each line of a shifted face is taken from, int32 (N, S).

    Args:
        offset: float32 (N,), rounded to whole pixels; the border is repeated.
        side: S, in pixels.
    """
    lines = ops.arange(side, dtype="int32")
    return ops.clip(lines + ops.cast(ops.round(offset), "int32")[:, None], 0, side - 1)


def reordered(faces: Any, rows: Any, columns: Any) -> Any:
    """Take each pixel from the place named.

    Args:
        faces: (N, S, S, 3).
        rows: int32 (N, S), the row that each row is taken from.
        columns: int32 (N, S), likewise.
    """
    count, side = ops.shape(faces)[0], faces.shape[1]
    first = ops.arange(count, dtype="int32")[:, None] * side
    pixels = ((first + rows) * side)[:, :, None] + columns[:, None, :]
    return ops.take(ops.reshape(faces, (-1, 3)), pixels, axis=0)


def shrunk(faces: Any, side: int) -> Any:
    """Make faces smaller: each new pixel is the mean of what it covers.

    Args:
        faces: (N, S, S, 3).
        side: Of the new faces, in pixels, at most S.

    Returns:
        float32 (N, side, side, 3).
    """
    # Products with a matrix run anywhere; XLA knows no resizing that smooths. The
    # matrix comes second: LiteRT gets the product wrong in int8 where it comes first.
    whole, colours = faces.shape[1], faces.shape[3]
    share = coverage(whole, side).T
    across = np.kron(share, np.eye(colours))  # A row's pixels, colour by colour.
    lines = ops.reshape(ops.cast(faces, "float32"), (-1, whole, whole * colours))
    narrow = ops.matmul(lines, ops.convert_to_tensor(across, dtype="float32"))
    columns = ops.transpose(narrow, (0, 2, 1))
    smaller = ops.matmul(columns, ops.convert_to_tensor(share, dtype="float32"))
    return ops.reshape(ops.transpose(smaller, (0, 2, 1)), (-1, side, side, colours))


def coverage(whole: int, side: int) -> NDArray[np.float64]:
    """Return how much of each new line every old one makes up.

    Args:
        whole: Lines that there are.
        side: Lines wanted, at most as many.

    Returns:
        (side, whole); each row sums to 1.
    """
    edges = np.linspace(0.0, whole, side + 1)[:, None]
    pixels = np.arange(whole)
    covered = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return covered.clip(0.0) * side / whole


def sources(across: Any, down: Any, shift: tuple[Any, Any], side: int) -> Any:
    """Return where each pixel comes from, float32 rows and columns, (N, S, S).

    Args:
        across: (columns, rows) that one step to the right goes at the source, two
            of float32 (N,).
        down: The same of one step down.
        shift: (columns, rows) that the centre is away from the source's, in pixels.
        side: S, in pixels.
    """
    steps = ops.arange(side, dtype="float32") - 0.5 * (side - 1)
    found = [
        move[:, None, None]
        + right[:, None, None] * steps[None, None, :]
        + below[:, None, None] * steps[None, :, None]
        for right, below, move in zip(across, down, shift, strict=True)
    ]
    columns, rows = (
        ops.clip(place + 0.5 * (side - 1), 0.0, side - 1.0) for place in found
    )
    return rows, columns


def between(faces: Any, rows: Any, columns: Any) -> Any:
    """Take each pixel from between the sixteen nearest to the place named.

    Cubic, since a mean of the nearest would soften faces, and a network that learns
    from softer ones than it is asked about answers worse.

    Args:
        faces: (N, S, S, 3).
        rows: float32 (N, S, S), within 0..S - 1.
        columns: Likewise.

    Returns:
        float32 (N, S, S, 3), within 0..255.

    Reference: Keys, IEEE Transactions on Acoustics, Speech, and Signal Processing
    1981.
    """
    count, side = ops.shape(faces)[0], faces.shape[1]
    top, left = ops.floor(rows), ops.floor(columns)
    first, last = faces[:, :, :1], faces[:, :, -1:]
    wide = ops.concatenate([first, faces, last, last], axis=2)
    fours = [wide[:, :, tap : tap + side] for tap in range(_TAPS)]
    beside = ops.reshape(ops.concatenate(fours, axis=-1), (-1, 3 * _TAPS))
    face = ops.arange(count, dtype="int32")[:, None, None] * side
    across, down = _cubic(columns - left), _cubic(rows - top)
    found: Any = 0.0
    for line in range(_TAPS):
        row = ops.clip(ops.cast(top, "int32") + line - 1, 0, side - 1)
        place = (face + row) * side + ops.cast(left, "int32")
        pixels = ops.cast(ops.take(beside, place, axis=0), "float32")
        for tap in range(_TAPS):
            share = (down[line] * across[tap])[..., None]
            found += share * pixels[..., 3 * tap : 3 * tap + 3]
    return ops.clip(found, 0.0, 255.0)


def _cubic(past: Any) -> list[Any]:
    """Return what the line before, both lines around and the line after make up.

    Args:
        past: How far a place is past the nearer of the lines around it, 0..1.
    """
    square = past * past
    cube = square * past
    return [
        square - 0.5 * (past + cube),
        1.0 - 2.5 * square + 1.5 * cube,
        0.5 * past + 2.0 * square - 1.5 * cube,
        0.5 * (cube - square),
    ]
