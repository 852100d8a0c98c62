"""Smooth lines through a few points, the stuff that drawn faces are made of."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2) or more columns; x to the right, y downwards."""

PointsLike = Points | Sequence[tuple[float, ...]]


@cache
def _weights(steps: int) -> NDArray[np.float64]:
    t = np.linspace(0.0, 1.0, steps, endpoint=False)
    return 0.5 * np.stack(
        [
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        ],
        axis=1,
    )


def smooth(points: PointsLike, steps: int = 5) -> Points:
    """Return a Catmull-Rom curve through points, from the first to the last.

    Args:
        points: (n, d), at least two.
        steps: Points made for each stretch between two given points.

    Returns:
        ((n - 1) steps + 1, d).
    """
    given = np.asarray(points, dtype=np.float64)
    ends = np.concatenate([given[:1], given, given[-1:]])
    windows = ends[np.arange(len(given) - 1)[:, None] + np.arange(4)]
    curve = np.matmul(_weights(steps), windows)
    return np.concatenate([curve.reshape(-1, given.shape[1]), given[-1:]])


def ellipse(
    centre: tuple[float, float], radii: tuple[float, float], corners: int = 20
) -> Points:
    """Return (corners, 2) points on an upright ellipse."""
    circle = _circle(corners)
    return np.asarray(circle * np.asarray(radii) + np.asarray(centre))


@cache
def _circle(corners: int) -> Points:
    angle = np.linspace(0.0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def mirror(points: Points) -> Points:
    """Return points reflected from left to right, in reversed order."""
    return np.asarray(points[::-1] * [-1.0, *[1.0] * (points.shape[1] - 1)])
