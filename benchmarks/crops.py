"""From a JPEG to a face of 64 px: our way beside OpenCV's plain one.

Speed alone says nothing: each way's pixels are held against a Lanczos resize of the
photo decoded in full, worked out in floats.
"""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agegender.config import CropRule
from agegender.cores import usable_cores
from agegender.data.faces import decode_face
from agegender.data.sample import example_photo
from benchmarks.side_by_side import compare

RULE = CropRule(size=64)
SIDES = {200: 400, 448: 200, 1024: 60}
"""Side of the photos, in pixels -> how many of them."""

Way = Callable[[bytes], NDArray[np.uint8]]


def run() -> str:
    """Measure at three sizes, on one thread, and at one size on all cores."""
    cv2.setNumThreads(1)
    tables = [_on_one_thread(side, count) for side, count in SIDES.items()]
    return "\n\n".join([*tables, _on_all_cores()])


def plain(photo: bytes) -> NDArray[np.uint8]:
    """Decode in full and resize bilinearly, as most scripts do."""
    pixels = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR_RGB)
    return cv2.resize(pixels, (RULE.size, RULE.size))


def ours(photo: bytes) -> NDArray[np.uint8]:
    """Decode at twice the size or more, then Lanczos."""
    return decode_face(photo, None, RULE)


def in_floats(photo: bytes) -> NDArray[np.float32]:
    """Resize by Lanczos without ever rounding."""
    with Image.open(io.BytesIO(photo)) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    layers = [Image.fromarray(np.ascontiguousarray(pixels[..., n])) for n in range(3)]
    side = (RULE.size, RULE.size)
    small = [layer.resize(side, Image.Resampling.LANCZOS) for layer in layers]
    return np.stack([np.asarray(layer) for layer in small], axis=-1).clip(0, 255)


def photos_of(side: int, count: int) -> list[bytes]:
    """Cut squares of that side out of a drawn photo with some grain of a camera."""
    rng = np.random.default_rng(0)
    with Image.open(io.BytesIO(example_photo())) as image:
        drawn = np.asarray(image.convert("RGB").resize((side * 4 // 3, side)))
    photos = []
    for _ in range(min(count, 20)):
        left = rng.integers(0, side // 3)
        grain = rng.normal(0, 6, (side, side, 1))
        square = (drawn[:, left : left + side] + grain).clip(0, 255)
        file = io.BytesIO()
        Image.fromarray(square.astype(np.uint8)).save(file, "JPEG", quality=90)
        photos.append(file.getvalue())
    return [photos[n % len(photos)] for n in range(count)]


def _on_one_thread(side: int, count: int) -> str:
    photos = photos_of(side, count)
    errors = {way.__name__: _error(way, photos[:20]) for way in (plain, ours)}
    table = compare(
        f"decode and resize {count} JPEGs of {side} px to {RULE.size} px, one thread",
        count,
        {
            "OpenCV: imdecode, bilinear": lambda: [plain(one) for one in photos],
            "ours": lambda: [ours(one) for one in photos],
        },
    )
    return (
        f"{table}\n  mean error of a pixel, of 255: OpenCV {errors['plain']:.2f}, "
        f"ours {errors['ours']:.2f}"
    )


def _on_all_cores() -> str:
    photos, cores = photos_of(448, 200), usable_cores()
    with ThreadPoolExecutor(cores) as pool:
        return compare(
            f"the same of 448 px on {cores} cores: mind the wall seconds",
            len(photos),
            {
                "OpenCV, one after the other": lambda: [plain(one) for one in photos],
                "ours, in threads": lambda: list(pool.map(ours, photos)),
            },
        )


def _error(way: Way, photos: list[bytes]) -> float:
    errors = [np.abs(way(photo) - in_floats(photo)).mean() for photo in photos]
    return float(np.mean(errors))
