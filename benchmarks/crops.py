"""From a JPEG crop to a face: decoding at a fraction against decoding in full."""

import numpy as np

from agegender.config import CropRule
from agegender.data.faces import decode_photo, resize_crop
from agegender.data.sample import example_photo
from benchmarks.side_by_side import compare

PICTURES = 100


def run() -> str:
    """Measure on one drawn photo of 640 x 480, and tell how far the results differ."""
    photo, rule = example_photo(), CropRule(size=64)

    def in_full() -> np.ndarray:
        return resize_crop(decode_photo(photo), rule)

    def at_least() -> np.ndarray:
        return resize_crop(decode_photo(photo, at_least=2 * rule.size), rule)

    difference = np.abs(in_full().astype(int) - at_least()).mean()
    table = compare(
        f"decode and resize {PICTURES} photos to {rule.size} px",
        PICTURES,
        {
            "decoded in full": lambda: [in_full() for _ in range(PICTURES)],
            "at 2 x the size or more (ours)": lambda: [
                at_least() for _ in range(PICTURES)
            ],
        },
    )
    return f"{table}\n  mean difference of pixels: {difference:.2f} of 255"
