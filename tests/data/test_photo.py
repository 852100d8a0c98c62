import io
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import gradient, noise
from PIL import Image

from agegender.config import CropRule
from agegender.data.decode import decode_chunk
from agegender.data.folder import Folder
from agegender.data.photo import decode_photo, decode_shrunk
from agegender.errors import DataError

SCAN, END = b"\xff\xda", b"\xff\xd9"


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
    for at_least, across, factor in [
        (128, None, 4),
        (1000, None, 1),
        (128, 300.0, 2),
        (128, 200.0, 1),
        (16, None, 8),
    ]:
        shrunk = decode_shrunk(encoded, at_least, across)
        assert shrunk.factor == factor
        assert shrunk.pixels.shape == (1000 // factor, 1000 // factor, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9])
def test_truncated_photo_is_refused(form: str, share: float, maker: Any) -> None:
    whole = maker.encoded(Image.fromarray(noise(64, 64)), form)
    with pytest.raises(DataError, match="cannot be decoded"):
        decode_photo(whole[: int(len(whole) * share)])


@pytest.mark.parametrize(
    ("side", "told"), [(9_000, "9000 x 9000"), (60_000, "3600000000")]
)
def test_photo_of_too_many_pixels_is_refused_before_it_is_decoded(
    side: int, told: str, maker: Any
) -> None:
    bomb = bytearray(maker.encoded(Image.new("1", (8, 8)), "PNG"))
    header = b"IHDR" + side.to_bytes(4, "big") * 2
    bomb[12:24] = header
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    with pytest.raises(DataError, match=f"photo of {told} pixels; at most 80,000,000"):
        decode_photo(bytes(bomb))


def with_scans(scans: int) -> bytes:
    """Return a JPEG that draws nothing more, over and over."""
    file = io.BytesIO()
    Image.new("L", (64, 64), 128).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole[whole.rindex(SCAN) : -len(END)]
    more = scans - whole.count(SCAN)
    return whole[: -len(END)] + more * last + END


def test_jpeg_that_draws_over_and_over_is_refused(maker: Any) -> None:
    assert decode_photo(with_scans(100)).shape == (64, 64, 3)
    for bomb in (
        with_scans(101),
        # Decoders pass over a mark that is none; it hides nothing behind a length.
        with_scans(101).replace(SCAN, b"\xff\x02\xff\xff" + SCAN),
        with_scans(101).replace(SCAN, b"\xff" + SCAN),
    ):
        for at_least in (None, 16):
            with pytest.raises(DataError, match="over more than 100 times"):
                decode_shrunk(bomb, at_least)
    folder = Folder(maker.unpacked({"bomb.jpg": with_scans(101)}))
    (chunk,) = folder.chunks(folder.members)
    assert decode_chunk(chunk, CropRule(size=16), 0.0).reasons == ("undecodable",)


def spoilt_notes() -> bytes:
    """Return EXIF notes that turn the photo and are cut short."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera", 6
    return exif.tobytes()[:-30]


def manifold_tiff() -> bytes:
    """Return a TIFF of more colours than Pillow knows."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "TIFF")
    samples = struct.pack("<HHIH", 277, 3, 1, 3)
    return file.getvalue().replace(samples, struct.pack("<HHIH", 277, 3, 1, 9))


def without_frames(png: bytes) -> bytes:
    """Return a PNG that says it is a film of no frame."""
    note = b"acTL" + bytes(8)
    length, check = struct.pack(">I", 8), struct.pack(">I", zlib.crc32(note))
    return png[:33] + length + note + check + png[33:]


def test_remarks_on_spoilt_photos_are_kept_off_standard_error(
    maker: Any, tmp_path: Path
) -> None:
    picture = Image.fromarray(gradient(40, 40))
    (tmp_path / "notes.jpg").write_bytes(maker.encoded(picture, exif=spoilt_notes()))
    (tmp_path / "notes.png").write_bytes(
        maker.encoded(picture, "PNG", exif=spoilt_notes())
    )
    still = without_frames(maker.encoded(picture, "PNG"))
    (tmp_path / "still.png").write_bytes(still)
    (tmp_path / "colours.tif").write_bytes(manifold_tiff())
    vast = maker.encoded(Image.new("1", (10_000, 10_000)), "PNG")
    (tmp_path / "vast.png").write_bytes(vast)
    lines = """
import pathlib, sys
from agegender.data.photo import decode_photo
from agegender.errors import DataError
for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        print(decode_photo(file.read_bytes()).shape)
    except DataError as error:
        print(error)
"""
    command = [sys.executable, "-c", lines, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.count("(40, 40, 3)") == 3
    assert ended.stdout.count("photo of ") == 2
    assert ended.stderr == ""


def test_previews_notes_and_films_in_a_photo_are_no_scans(maker: Any) -> None:
    picture = Image.fromarray(gradient(40, 40))
    plain = maker.encoded(picture)
    note = b"\xff\xe2" + (60_002).to_bytes(2, "big") + 30_000 * SCAN
    film = 30_000 * SCAN
    noted = plain[:2] + note + plain[2:] + film
    assert np.array_equal(decode_photo(noted), decode_photo(plain))


def test_a_program_that_draws_is_not_run(maker: Any) -> None:
    eps = maker.encoded(Image.new("RGB", (8, 8)), "EPS")
    with pytest.raises(DataError, match="cannot be decoded"):
        decode_photo(eps)


@given(st.data())
@settings(max_examples=150)
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


@pytest.mark.parametrize("at_least", [None, 32])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpegs_are_decoded_as_pillow_does(
    maker: Any, at_least: int | None, mode: str, options: dict[str, Any]
) -> None:
    picture = Image.fromarray(gradient(101, 143)).convert(mode)
    encoded = maker.encoded(picture, **options)
    shrunk = decode_shrunk(encoded, at_least)
    with Image.open(io.BytesIO(encoded)) as image:
        if at_least:
            image.draft(None, (143 // shrunk.factor, 101 // shrunk.factor))
        expected = np.asarray(image.convert("RGB")).astype(int)
    assert shrunk.factor == (2 if at_least else 1)
    assert np.abs(shrunk.pixels - expected).max() <= 2


def test_print_colours_become_rgb(maker: Any) -> None:
    picture = Image.fromarray(gradient(40, 40)).convert("CMYK")
    decoded = decode_photo(maker.encoded(picture, quality=95))
    expected = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(decoded - expected).mean() < 6


def test_notes_that_turn_nothing_change_nothing(maker: Any) -> None:
    picture = Image.fromarray(gradient(90, 60))
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    noted = decode_shrunk(maker.encoded(picture, exif=exif), 20)
    assert noted.factor == 2
    assert np.array_equal(
        noted.pixels, decode_shrunk(maker.encoded(picture), 20).pixels
    )
