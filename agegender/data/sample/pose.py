"""Where a head is in a picture and which way it looks.

Faces are described in face units: the face box spans -1..1 both ways, x to the
right, y downwards, and z towards the camera. A pose turns these into pixels.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agegender.data.sample.curves import Points

SPACE = 3
"""Columns of points with a z of their own."""

DEPTH = 0.72
"""How far the middle of a face stands out before its rim, in face units."""


@dataclass(frozen=True)
class Pose:
    """A head in a picture.

    Args:
        x: Middle of the face box, pixels from the left.
        y: Middle of the face box, pixels from the top.
        unit: Pixels of one face unit (half the box's side).
        yaw: Turn to the side, radians.
        pitch: Nod, radians, positive downwards.
        roll: Tilt, radians, positive clockwise.
    """

    x: float
    y: float
    unit: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator, unit: float, spread: float = 1.0) -> Self:
        """Draw a pose in the middle of a face crop (1.8 times the box).

        Args:
            rng: Source of chance.
            unit: Pixels of one face unit.
            spread: Multiplies all turns.
        """
        jitter_x, jitter_y = rng.normal(0.0, 0.04, 2)
        return cls(
            x=(1.8 + jitter_x) * unit,
            y=(1.8 + jitter_y) * unit,
            unit=unit * rng.uniform(0.93, 1.07),
            yaw=float(np.clip(rng.normal(0.0, 0.16 * spread), -0.5, 0.5)),
            pitch=float(np.clip(rng.normal(0.0, 0.08 * spread), -0.2, 0.2)),
            roll=float(np.clip(rng.normal(0.0, 0.08 * spread), -0.3, 0.3)),
        )

    def turn(self, points: Points) -> Points:
        """Return points as seen, (n, 2) in face units before the tilt.

        Args:
            points: (n, 2) on the dome of the face, or (n, 3) with their own z.
        """
        x, y = points[:, 0], points[:, 1]
        z = points[:, 2] if points.shape[1] == SPACE else dome(x, y)
        seen = np.empty((len(points), 2))
        seen[:, 0] = x * math.cos(self.yaw) + z * math.sin(self.yaw)
        seen[:, 1] = y * math.cos(self.pitch) + z * math.sin(self.pitch)
        return seen

    def place(self, points: Points) -> Points:
        """Return (n, 2) pixels of points given as in `turn`."""
        cos, sin = math.cos(self.roll) * self.unit, math.sin(self.roll) * self.unit
        seen = self.turn(points)
        placed = np.empty_like(seen)
        placed[:, 0] = seen[:, 0] * cos - seen[:, 1] * sin + self.x
        placed[:, 1] = seen[:, 0] * sin + seen[:, 1] * cos + self.y
        return placed

    def unplace(self, left: float, top: float) -> tuple[float, ...]:
        """Return the way back from pixels, counted from a corner, to face units.

        Args:
            left: Of the corner, pixels.
            top: Of the corner, pixels.

        Returns:
            (a, b, c, d, e, f), for u = a x + b y + c and v = d x + e y + f, which
            are face units before the tilt.
        """
        cos, sin = math.cos(self.roll) / self.unit, math.sin(self.roll) / self.unit
        dx, dy = left - self.x, top - self.y
        return (
            *(cos, sin, cos * dx + sin * dy),
            *(-sin, cos, cos * dy - sin * dx),
        )


def dome(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the face stands out at x, y, in face units."""
    inside = 1.0 - (x / 0.85) ** 2 - (y / 1.35) ** 2
    return np.asarray(DEPTH * np.sqrt(np.maximum(inside, 0.0)))


def flat(points: Points, z: float = 0.0) -> Points:
    """Return (n, 3): points at one depth."""
    return np.column_stack([points[:, :2], np.full(len(points), z)])
