"""For photos that are ready crops: the whole photo is the face."""

import numpy as np
from numpy.typing import NDArray

from agegender.detect.detection import Detection


class WholePhoto:
    """Answer one face that fills the photo, without looking."""

    def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:
        """Take the photo for one ready crop.

        Args:
            photo: uint8, (H, W, 3), RGB.

        Returns:
            One detection: the photo's own edges, no score, no landmarks.
        """
        height, width = photo.shape[:2]
        return [Detection((0.0, 0.0, float(width), float(height)), is_crop=True)]
