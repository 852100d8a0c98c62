from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import gradient, noise
from PIL import Image

from agegender.config import CropRule
from agegender.data.faces import (
    contrast,
    crop_face,
    cut_face,
    decode_face,
    resize_crop,
)
from agegender.data.photo import decode_photo
from agegender.errors import DataError

RULE = CropRule(margin=0.4, size=32)


@pytest.mark.parametrize("side", [45, 90, 137, 200])
def test_cropping_a_photo_agrees_with_resizing_a_crop_to_the_pixel(side: int) -> None:
    picture = noise(side, side)
    inset = side * (1 - 1 / 1.8) / 2
    box = (inset, inset, side - inset, side - inset)
    assert np.array_equal(crop_face(picture, box, RULE), resize_crop(picture, RULE))


def test_shifted_crop_lies_lower_on_the_photo() -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[100:110] = 255
    rule = CropRule(margin=0.5, shift=0.25, size=80)
    rows = crop_face(picture, (80, 80, 120, 120), rule)[:, 40, 0]
    # The band at 100..110 lies 20 px below the box's top, 20 px more for the margin
    # and 10 px less for the shift: of the box, not of the crop.
    assert rows[30:40].min() > 200
    assert rows[:28].max() < 60
    assert rows[42:].max() < 60


def test_crop_shows_the_margin_around_the_box() -> None:
    picture = gradient(200, 200)
    face = crop_face(picture, (80, 80, 120, 120), CropRule(margin=0.5, size=80))
    # 80 pixels to 80 pixels, from (60, 60) on.
    assert np.array_equal(face, picture[60:140, 60:140])


def test_border_is_repeated_where_the_photo_ends() -> None:
    picture = gradient(60, 60)
    face = crop_face(picture, (0, 0, 40, 40), CropRule(margin=0.5, size=80))
    expected = np.pad(picture, ((20, 0), (20, 0), (0, 0)), mode="edge")
    assert np.array_equal(face, expected[:80, :80])


def test_longer_side_of_the_box_decides() -> None:
    picture = gradient(200, 200)
    tall = crop_face(picture, (95, 80, 105, 120), CropRule(margin=0.5, size=80))
    assert np.array_equal(tall, picture[60:140, 60:140])


def test_oblong_crop_keeps_its_shape() -> None:
    wide = np.zeros((40, 80, 3), dtype=np.uint8)
    wide[:, 20:60] = 255  # a square as high as the picture
    face = resize_crop(wide, CropRule(size=80))
    assert (face[:, 22:58] == 255).all()
    assert (face[:, :18] == 0).all()


@pytest.mark.parametrize(
    "box",
    [
        (5, 5, 5, 9),
        (9, 9, 5, 5),
        (100, 0, 120, 20),
        (0, 100, 20, 120),
        (-20, 0, 0, 20),
        (0, -20, 20, 0),
        (np.nan, 0, 5, 5),
    ],
)
def test_box_without_a_pixel_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(DataError, match="holds no pixel"):
        crop_face(noise(60, 60), box, RULE)  # type: ignore[arg-type]


def test_crop_that_would_fill_memory_is_refused() -> None:
    long = np.broadcast_to(np.uint8(90), (10, 60_000, 3))
    with pytest.raises(DataError, match="far larger"):
        crop_face(long, (0, 0, 60_000, 10), RULE)


def test_box_that_dwarfs_its_photo_is_refused() -> None:
    with pytest.raises(DataError, match="far larger"):
        crop_face(noise(60, 60), (-150, -150, 150, 150), RULE)


@pytest.mark.parametrize("shape", [(1, 20_000), (9, 1), (5_000, 20_000)])
def test_ready_crop_far_from_square_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=f"picture of {shape[1]} x {shape[0]} is far"):
        resize_crop(np.broadcast_to(np.uint8(90), (*shape, 3)), RULE)


@given(
    st.tuples(st.floats(-50, 90), st.floats(-50, 90)),
    st.tuples(st.floats(0.01, 150), st.floats(0.01, 150)),
)
@settings(max_examples=40)
def test_any_box_that_touches_the_photo_gives_a_face(
    corner: tuple[float, float], sides: tuple[float, float]
) -> None:
    (x, y), (width, height) = corner, sides
    if x < 60 and y < 60 and x + width > 0 and y + height > 0:
        face = crop_face(noise(60, 60), (x, y, x + width, y + height), RULE)
        assert face.shape == (32, 32, 3)
        assert face.dtype == np.uint8


def test_face_in_a_large_photo_is_that_of_the_whole_photo(maker: Any) -> None:
    encoded = maker.jpeg(0, side=1200)
    rule = CropRule(margin=0.4, size=32)
    for box in [(100.5, 200.0, 400.0, 500.0), (0.0, -50.0, 500.0, 450.0)]:
        whole = crop_face(decode_photo(encoded), box, rule).astype(int)
        face = decode_face(encoded, box, rule)
        assert np.abs(face - whole).max() <= 4
        # Predicting decodes the photo in full, and tells the face that training saw.
        assert np.array_equal(cut_face(encoded, decode_photo(encoded), box, rule), face)
        assert not np.array_equal(whole, face)


def test_small_face_in_a_large_photo_keeps_all_its_pixels(maker: Any) -> None:
    encoded = maker.encoded(Image.fromarray(noise(1000, 1000)))
    box = (500.0, 500.0, 550.0, 550.0)  # 90 px with its margin, of at least 64
    whole = crop_face(decode_photo(encoded), box, RULE)
    assert np.array_equal(decode_face(encoded, box, RULE), whole)


def test_contrast_tells_blank_pictures_from_faces(maker: Any) -> None:
    assert contrast(decode_photo(maker.blank())) < 1
    assert contrast(np.zeros((1, 1, 3), dtype=np.uint8)) == 0
    grains = noise(50, 50)
    assert contrast(grains) == pytest.approx(grains.mean(axis=2).std())
