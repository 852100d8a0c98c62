"""Pictures to crop and decode, uint8 (height, width, 3)."""

import numpy as np
from numpy.typing import NDArray


def noise(height: int, width: int) -> NDArray[np.uint8]:
    """Return a picture in which no two pixels are alike, always the same."""
    shape = (height, width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def gradient(height: int, width: int) -> NDArray[np.uint8]:
    """Return a picture that grows brighter to the right and downwards."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8)
