"""Find faces with three small networks, each asking less often and looking harder.

The first network slides over a pyramid of shrunken photos and proposes squares;
the second and the third look at each square again, drop the wrong ones and move
the edges of the others. See docs/decisions/0002 for where the weights come from and
how the figures below were chosen.

Reference: Zhang et al., IEEE Signal Processing Letters 2016.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from agegender.detect.boxes import Floats, refine, square, suppress
from agegender.detect.detection import Detection
from agegender.detect.shrinking import Photo
from agegender.resizing import Pixels

CELL: Final = 12  # pixels that the first network sees at once
STRIDE: Final = 2  # pixels between two of its answers
PORTION: Final = 128  # squares that the later networks look at together
WEIGHTS: Final = Path(__file__).with_name("weights")
NETWORKS: Final = ("pnet", "rnet", "onet")

ON_LEVEL, PROPOSED, SIFTED, LOCATED = 0.5, 0.7, 0.6, 0.7
"""Overlaps at which two boxes are one: found at one size, at all, and later on."""


@dataclass(frozen=True)
class MtcnnSettings:
    """How hard to look.

    Args:
        min_face: Smallest face looked for, in pixels; below it answers are worth
            little (docs/decisions/0002).
        min_share: Smallest face as a share of the photo's longer side; bounds
            time and memory on large photos.
        shrink: Size of each level of the pyramid relative to the one before.
        thresholds: Least score, 0..1, to pass each of the three networks.
        threads: Threads of each network; one is fastest for nets this small.
    """

    min_face: float = 40.0
    min_share: float = 0.02
    shrink: float = 0.709
    thresholds: tuple[float, float, float] = (0.8, 0.7, 0.8)
    threads: int = 1


class MtcnnDetector:
    """Multitask cascaded convolutional networks, run by ONNX Runtime.

    Args:
        settings: How hard to look.
    """

    def __init__(self, settings: MtcnnSettings = MtcnnSettings()) -> None:
        self._settings = settings
        options = ort.SessionOptions()
        options.intra_op_num_threads = settings.threads
        self._propose, self._sift, self._locate = (
            ort.InferenceSession(
                WEIGHTS / f"{name}.onnx", options, providers=["CPUExecutionProvider"]
            )
            for name in NETWORKS
        )

    def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:
        """Find the faces of one photo.

        Args:
            photo: uint8, (H, W, 3), RGB.

        Returns:
            The faces, most certain first; empty where there is none.
        """
        picture = Photo(photo)
        boxes = self._proposals(picture)
        boxes = self._sifted(picture, boxes)
        return self._located(picture, boxes)

    def _proposals(self, picture: Photo) -> Floats:
        """Return the squares, (N, 4), that may hold a face."""
        found = [self._propose_on(level, picture) for level in self._pyramid(picture)]
        if not found:
            return np.empty((0, 4), np.float32)
        sizes = np.repeat(range(len(found)), [len(boxes) for boxes, _, _ in found])
        boxes, scores, offsets = map(np.concatenate, zip(*found, strict=True))
        kept = suppress(boxes, scores, ON_LEVEL, groups=sizes)
        kept = kept[suppress(boxes[kept], scores[kept], PROPOSED)]
        return square(refine(boxes[kept], offsets[kept]))

    def _pyramid(self, picture: Photo) -> Iterator[Pixels]:
        """Yield the photo in ever smaller sizes, until a face would fill it."""
        settings = self._settings
        size = picture.width, picture.height
        smallest_face = max(settings.min_face, settings.min_share * max(size))
        # Each level is made from one of four times its size, so a large photo is
        # read four times only, and little is lost on the way.
        scale, sources = CELL / smallest_face, deque([picture] * 4)
        while scale * min(size) >= CELL:
            width, height = (round(scale * side) for side in size)
            level = sources.popleft().shrunk(width, height)
            yield level
            sources.append(Photo(level))
            scale *= settings.shrink

    def _propose_on(
        self, level: Pixels, picture: Photo
    ) -> tuple[Floats, Floats, Floats]:
        """Return boxes in photo pixels, scores and offsets found on one level."""
        offsets, scores = self._propose.run(None, {"input_1": level[None]})
        face = scores[0, :, :, 1]
        row, column = np.nonzero(face >= self._settings.thresholds[0])
        corner = np.stack([column, row], axis=1).astype(np.float32) * STRIDE
        height, width = level.shape[:2]
        zoom = np.array([picture.width / width, picture.height / height], np.float32)
        boxes: Floats = np.hstack([corner * zoom, (corner + CELL) * zoom])
        return boxes, face[row, column], offsets[0, row, column]

    def _sifted(self, picture: Photo, boxes: Floats) -> Floats:
        """Return the squares, (M, 4), that the second network believes."""
        if not len(boxes):
            return boxes
        offsets, scores = _examine(self._sift, picture, boxes, side=24)
        face = scores[:, 1]
        passed = np.flatnonzero(face > self._settings.thresholds[1])
        passed = passed[suppress(boxes[passed], face[passed], SIFTED)]
        return square(refine(boxes[passed], offsets[passed]))

    def _located(self, picture: Photo, boxes: Floats) -> list[Detection]:
        """Return the faces that the third network believes, with landmarks."""
        if not len(boxes):
            return []
        offsets, points, scores = _examine(self._locate, picture, boxes, side=48)
        face = scores[:, 1]
        passed = np.flatnonzero(face > self._settings.thresholds[2])
        refined = refine(boxes[passed], offsets[passed])
        kept = suppress(refined, face[passed], LOCATED, over="smaller")
        kept = kept[_centred_within(refined[kept], (picture.width, picture.height))]
        landmarks = _landmarks(boxes[passed], points[passed])
        return [
            Detection(tuple(refined[i].tolist()), float(face[passed[i]]), landmarks[i])
            for i in kept
        ]


def _examine(
    network: ort.InferenceSession, picture: Photo, boxes: Floats, side: int
) -> list[Floats]:
    """Show a network each square, so many at a time that memory is bounded."""
    name = network.get_inputs()[0].name
    portions = [
        network.run(None, {name: _cuts(picture, some, side)})
        for some in np.split(boxes, range(PORTION, len(boxes), PORTION))
    ]
    return [np.concatenate(output) for output in zip(*portions, strict=True)]


def _cuts(picture: Photo, boxes: Floats, side: int) -> Pixels:
    """Cut squares out and shrink them; beyond the photo is black, as in training."""
    corners = np.rint(boxes).astype(int)
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 1)
    return np.stack([picture.cut(box, side) for box in map(tuple, corners.tolist())])


def _centred_within(boxes: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    grown = boxes[:, 2:] > boxes[:, :2]
    within = (centre > 0) & (centre < np.array(size))
    inside: NDArray[np.bool_] = np.all(within & grown, axis=1)
    return inside


def _landmarks(boxes: Floats, points: Floats) -> Floats:
    """Turn shares of a box, five x then five y, into pixels (N, 5, 2)."""
    shares = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    corner = boxes[:, None, :2]
    return corner + shares * (boxes[:, None, 2:] - corner)
