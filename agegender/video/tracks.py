"""Which face of one look is which of the next.

Faces are paired by how much their boxes overlap, all at once, each box moved on as
it moved last. That is all: nobody is recognised, so who leaves the picture and comes
back later is somebody new.

Reference: Bewley et al., ICIP 2016 (SORT), without its Kalman filter; Kuhn 1955.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from agegender.detect.boxes import Floats, overlaps

LEAST_OVERLAP: Final = 0.25
"""Shared area over the area of both boxes, 0..1, from which on two faces are one."""

GAP: Final = 1.0
"""Seconds that a face may be unseen and still be the same. Who was there at the look
before is, however long ago that was."""


@dataclass
class _Track:
    number: int
    box: Floats  # (4,): where it was seen last
    speed: Floats  # (4,): of its edges, pixels a second
    seconds: float  # when it was seen last

    def expected(self, seconds: float) -> Floats:
        return self.box + self.speed * (seconds - self.seconds)

    def move(self, box: Floats, seconds: float) -> None:
        self.speed = (box - self.box) / (seconds - self.seconds)
        self.box, self.seconds = box, seconds


class Tracker:
    """Numbers faces, so that one face keeps its number while it is in the picture."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._made = 0
        self._looked = 0.0  # seconds: the look before

    def follow(
        self, boxes: Sequence[tuple[float, float, float, float]], seconds: float
    ) -> list[int]:
        """Number the faces of one look.

        Args:
            boxes: Left, top, right, bottom of each, in pixels.
            seconds: When; later than the look before.

        Returns:
            A number from 1 for each box.
        """
        since = min(seconds - GAP, self._looked)
        self._looked = seconds
        self._tracks = [track for track in self._tracks if track.seconds >= since]
        found = np.array(boxes, np.float32).reshape(-1, 4)
        known = self._paired(found, seconds)
        for row, box in enumerate(found):
            if row in known:
                known[row].move(box, seconds)
            else:
                self._made += 1
                known[row] = _Track(self._made, box, np.zeros(4, np.float32), seconds)
                self._tracks.append(known[row])
        return [known[row].number for row in range(len(found))]

    @property
    def followed(self) -> frozenset[int]:
        """Return the numbers of the faces that may still be seen again."""
        return frozenset(track.number for track in self._tracks)

    def cut(self) -> None:
        """Forget all faces: another scene begins."""
        self._tracks = []

    def _paired(self, found: Floats, seconds: float) -> dict[int, _Track]:
        """Return the tracks that boxes go on, by the box's row."""
        last = [track.box for track in self._tracks]
        moved = [track.expected(seconds) for track in self._tracks]
        # One that stopped is where it was, one that went on is where it was going.
        either = [
            overlaps(found, np.array(boxes, np.float32).reshape(-1, 4))
            for boxes in (last, moved)
        ]
        overlap = np.maximum(*either)
        rows, columns = linear_sum_assignment(overlap, maximize=True)
        return {
            int(row): self._tracks[column]
            for row, column in zip(rows, columns, strict=True)
            if overlap[row, column] >= LEAST_OVERLAP
        }
