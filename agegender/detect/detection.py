"""What a detector is and what it answers.

Whatever finds faces meets the predictor through this protocol alone, so another
detector is one class with one method.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detection:
    """One face in a photo.

    Args:
        box: Left, top, right, bottom in pixels, 0-based, right and bottom
            exclusive. A face at the edge may reach beyond the photo.
        score: Confidence of the detector, 0..1; None where nothing was measured.
        landmarks: (5, 2) x and y of left eye, right eye, nose, left and right
            corner of the mouth, as seen in the photo; None where not found.
        is_crop: The photo is a ready crop: resize it whole, cut nothing away.
    """

    box: tuple[float, float, float, float]
    score: float | None = None
    landmarks: NDArray[np.float32] | None = None
    is_crop: bool = False


class Detector(Protocol):
    """Anything that finds faces; safe to call from several threads."""

    def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:
        """Find the faces of one photo.

        Args:
            photo: uint8, (H, W, 3), RGB.

        Returns:
            The faces, most certain first; empty where there is none.
        """
        ...
