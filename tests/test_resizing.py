"""Both resizers do what they are named after, and the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agegender import resizing
from agegender.resizing import Picture, Pixels

NOISE = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
y, x = np.mgrid[0:100, 0:100]
GRADIENT = np.stack([x, y, x + y], axis=-1).astype(np.uint8)


def lanczos_in_floats(picture: Pixels) -> Any:
    layers = [Image.fromarray(layer.astype(np.float32)) for layer in picture.T]
    method = Image.Resampling.LANCZOS
    small = [np.asarray(layer.resize((32, 32), method)) for layer in layers]
    return np.stack(small).T.clip(0, 255)


def by_pillow(picture: Pixels, box: resizing.Box, side: int) -> Pixels:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resizing, "simd", None)
        return Picture(picture).part(box, side, side, "lanczos")


def by_default(picture: Pixels, box: resizing.Box, side: int) -> Pixels:
    return Picture(picture).part(box, side, side, "lanczos")


@pytest.mark.parametrize("resize", [by_default, by_pillow])
@pytest.mark.parametrize("picture", [GRADIENT, NOISE], ids=["gradient", "noise"])
def test_resizing_is_lanczos(resize: Any, picture: Pixels) -> None:
    error = np.abs(resize(picture, (0, 0, 100, 100), 32) - lanczos_in_floats(picture))
    assert error.mean() < 0.4


@given(st.floats(0, 40), st.floats(0, 40), st.floats(20, 60))
@settings(max_examples=30)
def test_both_resizers_take_the_same_square(x: float, y: float, side: float) -> None:
    square = (x, y, x + side, y + side)
    ours = by_default(GRADIENT, square, 16).astype(int)
    assert np.abs(ours - by_pillow(GRADIENT, square, 16)).max() <= 2
