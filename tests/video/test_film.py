"""Films read: time, turning, and all that is no film."""

import socket
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from agegender.errors import ConfigError, DataError
from agegender.video.camera import camera_address
from agegender.video.opening import open_film

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"


def test_frames_are_those_that_went_in(studio: Any) -> None:
    with open_film(str(studio.film("a.mp4", studio.plain(5)))) as film:
        frames = list(film)
    assert film.frames == 5
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    (sent,) = studio.plain(1)
    assert np.abs(frames[0].pixels().astype(int) - sent).mean() < 3
    assert film.fault is None


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_uneven_times_are_kept(studio: Any, suffix: str) -> None:
    ticks = [0, 40, 500, 520, 2000]
    path = studio.film(f"a{suffix}", studio.plain(5), ticks.__getitem__)
    with open_film(str(path)) as film:
        seconds = [frame.seconds for frame in film]
    assert seconds == pytest.approx([tick / 1000 for tick in ticks], abs=1e-3)


def test_time_is_counted_from_the_first_frame(studio: Any) -> None:
    path = studio.film("late.mkv", studio.plain(3), lambda number: 5000 + 100 * number)
    with open_film(str(path)) as film:
        assert [frame.seconds for frame in film] == pytest.approx([0, 0.1, 0.2])


def test_time_that_begins_anew_goes_on(studio: Any) -> None:
    path = studio.film("a.ts", studio.plain(20))
    with path.open("r+b") as file:
        file.write(path.read_bytes() * 2)
    with open_film(str(path)) as film:
        seconds = [frame.seconds for frame in film]
    assert seconds == pytest.approx(0.1 * np.arange(40), abs=0.02)


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_film_held_sideways_is_turned_upright(studio: Any, rotation: int) -> None:
    (upright,) = studio.plain(1)
    path = studio.film("turned.mp4", studio.plain(2), rotation=rotation)
    with open_film(str(path)) as film:
        pixels = next(iter(film)).pixels()
    # The display turns the frame against the clock.
    expected = np.rot90(upright, rotation // 90)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).mean() < 3


@pytest.mark.parametrize(
    ("shape", "rotation", "shown"),
    [
        (Fraction(64, 45), 0, (240, 455, 3)),
        (Fraction(10, 11), 0, (240, 291, 3)),
        (Fraction(4, 3), 90, (427, 240, 3)),
        (Fraction(1000), 0, (240, 320, 3)),
    ],
)
def test_film_of_oblong_pixels_is_read_as_it_is_shown(
    studio: Any, shape: Fraction, rotation: int, shown: tuple[int, int, int]
) -> None:
    path = studio.film("a.mp4", studio.plain(2), rotation=rotation, shape=shape)
    with open_film(str(path)) as film:
        assert next(iter(film)).pixels().shape == shown


def test_film_that_was_cut_short_says_where(studio: Any) -> None:
    whole = studio.film("a.mkv", studio.people(frames=30))
    with open_film(str(whole)) as film:
        assert len(list(film)) == 30
        assert film.fault is None
    cut = whole.with_name("cut.mkv")
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with open_film(str(cut)) as film:
        assert 0 < len(list(film)) < 30
        assert film.fault is not None
        assert "of 3.0 seconds: it was cut short" in film.fault


def test_damage_is_left_out_and_told(studio: Any) -> None:
    whole = studio.film("a.mp4", studio.people(frames=30))
    spoilt = bytearray(whole.read_bytes())
    middle = len(spoilt) // 2
    spoilt[middle : middle + 3000] = bytes(3000)
    whole.write_bytes(spoilt)
    with open_film(str(whole)) as film:
        found = list(film)
    assert 5 < len(found) < 30
    assert film.fault is not None
    assert "is damaged" in film.fault


def test_film_without_its_index_is_refused(studio: Any) -> None:
    whole = studio.film("a.mp4", studio.plain())
    whole.write_bytes(whole.read_bytes()[:500])
    with pytest.raises(DataError, match=r"a\.mp4 is no film that can be read"):
        _open(whole)


def test_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("not a film")
    with pytest.raises(DataError, match="no film that can be read"):
        _open(path)


@pytest.mark.parametrize("name", ["p.jpg", "p.png", "p.gif", "p.mp4"])
def test_picture_is_sent_to_predict(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    form = {".mp4": "JPEG", ".jpg": "JPEG", ".png": "PNG", ".gif": "GIF"}[path.suffix]
    Image.new("RGB", (30, 30)).save(path, form)
    with pytest.raises(DataError, match="is a picture"):
        _open(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", 8000)
        samples = np.zeros((1, 2048), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.rate = 8000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with pytest.raises(DataError, match="holds no moving pictures"):
        _open(path)


def test_playlist_fetches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        path.write_text(PLAYLIST.format(f"http://127.0.0.1:{port}/a.ts"))
        with pytest.raises(DataError):
            _open(path)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", PLAYLIST.format("a.ts")),
        ("list.mp4", "ffconcat version 1.0\nfile a.ts\n"),
    ],
)
def test_list_of_other_files_is_not_followed(studio: Any, name: str, text: str) -> None:
    path = studio.film("a.ts", studio.plain(3)).with_name(name)
    path.write_text(text)
    with pytest.raises(DataError, match="a list of films"):
        _open(path)


def test_missing_film_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no film at"):
        _open(tmp_path / "none.mp4")


def test_missing_camera_is_told() -> None:
    with pytest.raises(DataError, match="camera 97"):
        _open(Path("97"))


def test_file_with_a_number_for_a_name_is_no_camera(studio: Any) -> None:
    studio.film("a.mp4", studio.plain(2)).rename(studio.folder / "0")
    with open_film("0") as film:
        assert film.name == "0"


def test_cameras_are_found_by_number_on_linux_and_macos() -> None:
    assert camera_address(1, "linux")[:2] == ("/dev/video1", "v4l2")
    assert camera_address(1, "darwin")[:2] == ("1:none", "avfoundation")
    with pytest.raises(ConfigError, match="plan9"):
        camera_address(0, "plan9")


def _open(path: Path) -> None:
    with open_film(str(path)):
        pass
