import numpy as np
import pytest

from agegender import resizing
from agegender.detect.shrinking import Photo

PIXELS = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)


def test_pixels_are_means_of_what_they_cover() -> None:
    means = PIXELS.reshape(30, 3, 35, 4, 3).mean(axis=(1, 3))
    assert np.abs(Photo(PIXELS).shrunk(35, 30) - means).max() <= 1


def test_cut_is_that_part_of_the_photo() -> None:
    part = PIXELS[20:68, 30:78]
    assert np.array_equal(Photo(PIXELS).cut((30, 20, 78, 68), 48), part)
    means = part.reshape(24, 2, 24, 2, 3).mean(axis=(1, 3))
    assert np.abs(Photo(PIXELS).cut((30, 20, 78, 68), 24) - means).max() <= 1


@pytest.mark.parametrize(
    "box", [(-20, -30, 40, 30), (120, 70, 160, 110), (-9, -9, 200, 200)]
)
def test_beyond_the_photo_is_black(box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    wide = np.pad(PIXELS, ((100, 200), (100, 200), (0, 0)))
    inside = wide[top + 100 : bottom + 100, left + 100 : right + 100]
    expected = Photo(np.ascontiguousarray(inside)).shrunk(24, 24)
    assert np.array_equal(Photo(PIXELS).cut(box, 24), expected)


def test_box_wholly_beyond_the_photo_is_black() -> None:
    for box in ((-50, -50, -10, -10), (300, 10, 340, 50), (10, 300, 50, 340)):
        assert not Photo(PIXELS).cut(box, 24).any()


def test_with_and_without_simd_pixels_differ_by_a_level_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("cykooz_resizer", reason="no wheel for Linux on ARM")
    boxes = [(3, 5, 80, 82), (-20, 60, 51, 131)]
    by_simd = Photo(PIXELS)
    ones = [by_simd.shrunk(41, 27), *(by_simd.cut(box, 24) for box in boxes)]
    monkeypatch.setattr(resizing, "simd", None)
    by_pillow = Photo(PIXELS)
    others = [by_pillow.shrunk(41, 27), *(by_pillow.cut(box, 24) for box in boxes)]
    for one, other in zip(ones, others, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1
