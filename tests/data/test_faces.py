import io
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agegender.config import CropRule
from agegender.data.faces import (
    crop_face,
    decode_photo,
    is_blank,
    resize_crop,
)
from agegender.errors import DataError

RULE = CropRule(margin=0.4, size=32)


def photo(
    height: int, width: int, seed: int = 0
) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    shape = (height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def gradient(height: int, width: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("side", [45, 90, 137, 200])
def test_cropping_a_photo_agrees_with_resizing_a_crop_to_the_pixel(side: int) -> None:
    picture = photo(side, side)
    inset = side * (1 - 1 / 1.8) / 2
    box = (inset, inset, side - inset, side - inset)
    assert np.array_equal(crop_face(picture, box, RULE), resize_crop(picture, RULE))


def test_resizing_is_lanczos() -> None:
    picture = photo(100, 100)
    expected = Image.fromarray(picture).resize((32, 32), Image.Resampling.LANCZOS)
    assert np.array_equal(resize_crop(picture, RULE), np.asarray(expected))


def test_shifted_crop_lies_lower_on_the_photo() -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[100:110] = 255
    rule = CropRule(margin=0.0, shift=0.25, size=40)
    rows = crop_face(picture, (80, 80, 120, 120), rule)[:, 20, 0]
    # The band at 100..110 lies 20 px below the box's top, and 10 px less for the shift.
    assert rows[12:18].min() > 200
    assert rows[24:].max() < 60


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
    "box", [(5, 5, 5, 9), (9, 9, 5, 5), (100, 0, 120, 20), (np.nan, 0, 5, 5)]
)
def test_box_without_a_pixel_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(DataError, match="holds no pixel"):
        crop_face(photo(60, 60), box, RULE)  # type: ignore[arg-type]


@given(
    st.tuples(st.floats(-50, 90), st.floats(-50, 90)),
    st.tuples(st.floats(0.01, 150), st.floats(0.01, 150)),
)
@settings(max_examples=40, deadline=None)
def test_any_box_that_touches_the_photo_gives_a_face(
    corner: tuple[float, float], sides: tuple[float, float]
) -> None:
    (x, y), (width, height) = corner, sides
    if x < 60 and y < 60 and x + width > 0 and y + height > 0:
        face = crop_face(photo(60, 60), (x, y, x + width, y + height), RULE)
        assert face.shape == (32, 32, 3)
        assert face.dtype == np.uint8


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "RGB"])
def test_any_colour_mode_becomes_rgb(mode: str, maker: Any) -> None:
    picture = Image.fromarray(gradient(50, 40)).convert(mode)
    form = "TIFF" if mode == "CMYK" else "PNG"
    decoded = decode_photo(maker.encoded(picture, form))
    assert decoded.shape == (50, 40, 3)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable


def test_transparent_parts_are_white(maker: Any) -> None:
    clear = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    assert (decode_photo(maker.encoded(clear, "PNG")) == 255).all()


def test_sixteen_bits_of_grey_are_scaled_not_cut_off(maker: Any) -> None:
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    decoded = decode_photo(maker.encoded(Image.fromarray(ramp), "PNG"))
    assert decoded[0, 0, 0] == 0
    assert abs(int(decoded[4, 0, 0]) - 128) < 4
    assert decoded[7, 7, 0] == 255


def test_photo_is_turned_upright(maker: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    picture = Image.fromarray(gradient(50, 40))
    upright = decode_photo(maker.encoded(picture, quality=95, exif=exif))
    plain = decode_photo(maker.encoded(picture, quality=95))
    assert np.array_equal(upright, np.rot90(plain, k=-1))


def test_large_jpeg_is_decoded_small_but_never_below_what_is_asked(maker: Any) -> None:
    encoded = maker.jpeg(0, side=1000)
    assert decode_photo(encoded).shape == (1000, 1000, 3)
    assert decode_photo(encoded, at_least=128).shape == (125 * 2, 125 * 2, 3)
    assert decode_photo(encoded, at_least=1000).shape == (1000, 1000, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9])
def test_truncated_photo_is_refused(form: str, share: float, maker: Any) -> None:
    whole = maker.encoded(Image.fromarray(photo(64, 64)), form)
    with pytest.raises(DataError, match="cannot be decoded"):
        decode_photo(whole[: int(len(whole) * share)])


def test_photo_of_too_many_pixels_is_refused_before_it_is_decoded(maker: Any) -> None:
    bomb = bytearray(maker.encoded(Image.new("1", (8, 8)), "PNG"))
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2
    bomb[12:24] = header
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    with pytest.raises(DataError):
        decode_photo(bytes(bomb))


def test_a_program_that_draws_is_not_run(maker: Any) -> None:
    eps = maker.encoded(Image.new("RGB", (8, 8)), "EPS")
    with pytest.raises(DataError, match="cannot be decoded"):
        decode_photo(eps)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_broken_bytes_raise_nothing_but_a_data_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]))
    file = io.BytesIO()
    Image.fromarray(gradient(24, 24)).save(file, form)
    encoded = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(encoded) - 1))
        encoded[position] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on broken notes
        try:
            decoded = decode_photo(bytes(encoded))
        except DataError:
            return
    assert decoded.ndim == 3


def test_blank_pictures_are_told_from_faces(maker: Any) -> None:
    assert is_blank(decode_photo(maker.blank()))
    assert is_blank(np.zeros((1, 1, 3), dtype=np.uint8))
    assert not is_blank(decode_photo(maker.jpeg(0)))
