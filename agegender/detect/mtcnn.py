"""Find faces with three small networks, each asking less often and looking harder.

The first network slides over a pyramid of shrunken photos and proposes squares;
the second and the third look at each square again, drop the wrong ones and move
the edges of the others. See docs/decisions/0002 for where the weights come from and
how the figures below were chosen.

Reference: Zhang et al., IEEE Signal Processing Letters 2016.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from PIL import Image

from agegender.detect.boxes import Floats, refine, square, suppress
from agegender.detect.detection import Detection

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
        picture = Image.fromarray(photo)
        boxes = self._proposals(picture)
        boxes = self._sifted(picture, boxes)
        return self._located(picture, boxes)

    def _proposals(self, picture: Image.Image) -> Floats:
        """Return the squares, (N, 4), that may hold a face."""
        found = [
            self._propose_on(level, picture.size) for level in self._pyramid(picture)
        ]
        if not found:
            return np.empty((0, 4), np.float32)
        boxes, scores, offsets = (
            np.concatenate(part) for part in zip(*found, strict=True)
        )
        kept = suppress(boxes, scores, PROPOSED)
        return square(refine(boxes[kept], offsets[kept]))

    def _pyramid(self, picture: Image.Image) -> Iterator[Image.Image]:
        """Yield the photo in ever smaller sizes, until a face would fill it."""
        settings = self._settings
        smallest_face = max(settings.min_face, settings.min_share * max(picture.size))
        scale, level = CELL / smallest_face, picture
        while scale * min(picture.size) >= CELL:
            width, height = (round(scale * side) for side in picture.size)
            # The photo is read once; what it was shrunk to first serves for the rest.
            gap = 2.0 if level is picture else None
            smaller = level.resize((width, height), Image.Resampling.BOX, None, gap)
            yield smaller
            level = smaller if level is picture else level
            scale *= settings.shrink

    def _propose_on(
        self, level: Image.Image, size: tuple[int, int]
    ) -> tuple[Floats, Floats, Floats]:
        """Return boxes in photo pixels, scores and offsets found on one level."""
        offsets, scores = self._propose.run(None, {"input_1": _network_input([level])})
        face = scores[0, :, :, 1]
        column, row = np.nonzero(face >= self._settings.thresholds[0])
        corner = np.stack([column, row], axis=1).astype(np.float32) * STRIDE
        zoom = np.array(size, np.float32) / np.array(level.size, np.float32)
        boxes: Floats = np.hstack([corner * zoom, (corner + CELL) * zoom])
        score = face[column, row]
        kept = suppress(boxes, score, ON_LEVEL)
        return boxes[kept], score[kept], offsets[0, column, row][kept]

    def _sifted(self, picture: Image.Image, boxes: Floats) -> Floats:
        """Return the squares, (M, 4), that the second network believes."""
        if not len(boxes):
            return boxes
        offsets, scores = _examine(self._sift, picture, boxes, side=24)
        face = scores[:, 1]
        passed = np.flatnonzero(face > self._settings.thresholds[1])
        passed = passed[suppress(boxes[passed], face[passed], SIFTED)]
        return square(refine(boxes[passed], offsets[passed]))

    def _located(self, picture: Image.Image, boxes: Floats) -> list[Detection]:
        """Return the faces that the third network believes, with landmarks."""
        if not len(boxes):
            return []
        offsets, points, scores = _examine(self._locate, picture, boxes, side=48)
        face = scores[:, 1]
        passed = np.flatnonzero(face > self._settings.thresholds[2])
        refined = refine(boxes[passed], offsets[passed])
        kept = suppress(refined, face[passed], LOCATED, over="smaller")
        kept = kept[_centred_within(refined[kept], picture.size)]
        landmarks = _landmarks(boxes[passed], points[passed])
        return [
            Detection(tuple(refined[i].tolist()), float(face[passed[i]]), landmarks[i])
            for i in kept
        ]


def _examine(
    network: ort.InferenceSession, picture: Image.Image, boxes: Floats, side: int
) -> list[Floats]:
    """Show a network each square, so many at a time that memory is bounded."""
    name = network.get_inputs()[0].name
    portions = [
        network.run(None, {name: _network_input(_cuts(picture, some, side))})
        for some in np.split(boxes, range(PORTION, len(boxes), PORTION))
    ]
    return [np.concatenate(output) for output in zip(*portions, strict=True)]


def _cuts(picture: Image.Image, boxes: Floats, side: int) -> list[Image.Image]:
    """Cut squares out and shrink them; beyond the photo is black, as in training."""
    corners = np.rint(boxes).astype(int)
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 1)
    return [
        picture.crop(box).resize((side, side), Image.Resampling.BOX, reducing_gap=2.0)
        for box in corners.tolist()
    ]


def _network_input(pictures: list[Image.Image]) -> Floats:
    """Return float32 (N, W, H, 3) in -1..1: these networks want x before y."""
    pixels = np.stack([np.asarray(picture) for picture in pictures])
    grey, half_range = np.float32(127.5), np.float32(128)
    return (pixels.swapaxes(1, 2).astype(np.float32) - grey) / half_range


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
