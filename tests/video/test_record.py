"""What is kept of a film: films that play, lines that can be read, or nothing."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from agegender.errors import ConfigError, DataError
from agegender.predict.annotate import SURE, annotate
from agegender.predict.predictor import Predictor
from agegender.video.lines import film_line
from agegender.video.opening import open_film
from agegender.video.record import out_path, recorded
from agegender.video.unfinished import unfinished
from agegender.video.watching import Watcher
from agegender.video.writer import film_writer


def record(film: Path, out: Path, predictor: Predictor, every: int = 2) -> None:
    with (
        open_film(str(film)) as opened,
        recorded(out, opened, film_line(opened, "starter", every, 0.9)) as write,
    ):
        for event in Watcher(predictor, every).watch(opened):
            write(event)


def test_lines_tell_the_film_then_looks_then_people(
    clip: Path, predictor: Predictor, tmp_path: Path
) -> None:
    record(clip, tmp_path / "out.jsonl", predictor)
    lines = [
        json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()
    ]
    first, looks, people = lines[0], lines[1:11], lines[11:]
    assert first["kind"] == "film"
    assert first["model"] == "starter"
    assert "no proof of age" in first["limits"]
    assert {line["kind"] for line in looks} == {"look"}
    assert [line["frame"] for line in looks] == list(range(0, 20, 2))
    assert [line["seconds"] for line in looks] == pytest.approx(np.arange(0, 2, 0.2))
    assert set(looks[0]["faces"][0]) == {
        *("track", "box", "detection_score", "age", "age_low", "age_high"),
        *("gender", "male_probability", "abstained"),
    }
    assert [(line["kind"], line["looks"]) for line in people] == [("person", 10)] * 2
    last = {face["track"]: face["age"] for face in looks[-1]["faces"]}
    assert {line["track"]: line["age"] for line in people} == last


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_lines_tell_a_film_whose_name_is_no_text(
    studio: Any, predictor: Predictor, tmp_path: Path
) -> None:
    name = os.fsdecode(b"\xe9t\xe9.mp4")
    film = studio.film("a.mp4", studio.plain(2)).rename(studio.folder / name)
    record(film, tmp_path / "out.jsonl", predictor)
    first, *_ = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert json.loads(first)["film"].endswith(r"\udce9t\udce9.mp4")


def test_annotated_film_keeps_the_times_and_shows_boxes(
    studio: Any, predictor: Predictor, tmp_path: Path
) -> None:
    ticks = [0, 100, 250, 600, 620, 700]
    film = studio.film("a.mkv", studio.people(frames=6), ticks.__getitem__)
    record(film, tmp_path / "out.mp4", predictor)
    with av.open(str(tmp_path / "out.mp4")) as file:
        frames = list(file.decode(video=0))
        assert not file.streams.audio
    seconds = [float(frame.pts * frame.time_base) for frame in frames]
    assert seconds == pytest.approx([tick / 1000 for tick in ticks], abs=1e-3)
    shown = frames[3].to_ndarray(format="rgb24").astype(int)
    near = np.abs(shown - SURE).max(axis=2) < 40
    assert near.sum() > 300
    # White below the picture: how to read it, and what it is not for.
    assert shown[-8:].mean() > 200
    assert shown[:300].mean() < 200


def test_annotated_frame_has_the_colours_of_the_picture(tmp_path: Path) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), SURE]
    pixels = np.zeros((480, 801, 3), np.uint8)
    for number, colour in enumerate(colours):
        pixels[:, 200 * number : 200 * number + 200] = colour
    picture = annotate(pixels, [])
    with film_writer(tmp_path / "a.mp4", Fraction(1, 10), Fraction(10)) as writer:
        writer.write(picture, 0)
    with av.open(str(tmp_path / "a.mp4")) as file:
        frame = next(file.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0
    for number, colour in enumerate(colours):
        middle = frame[200:280, 200 * number + 80 : 200 * number + 120].mean((0, 1))
        assert middle == pytest.approx(colour, abs=6)


@pytest.mark.parametrize("name", ["out.mp4", "out.jsonl"])
def test_file_of_before_stays_until_the_new_one_is_whole(
    clip: Path, predictor: Predictor, tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    out.write_text("of before")
    with (
        pytest.raises(ZeroDivisionError),
        open_film(str(clip)) as film,
        recorded(out, film, "") as write,
    ):
        write(next(Watcher(predictor).watch(film))) or 1 / 0
    assert out.read_text() == "of before"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["out.mp4", "out.jsonl"])
def test_folder_that_is_a_file_is_told_in_one_line(
    clip: Path, predictor: Predictor, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        record(clip, tmp_path / "file" / name, predictor)


def test_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with (
        pytest.raises(DataError, match="No space left"),
        unfinished(tmp_path / "a") as part,
        full.open("w", buffering=1) as file,
    ):
        file.write(f"{part}\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
@pytest.mark.parametrize("name", ["out.mp4", "out.jsonl"])
def test_what_a_killed_process_left_is_gone_after_the_next(
    clip: Path, predictor: Predictor, tmp_path: Path, name: str
) -> None:
    program = (
        "import os, sys; from pathlib import Path;"
        "from agegender.video.unfinished import unfinished\n"
        "with unfinished(Path(sys.argv[1])) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), 9)"
    )
    out = tmp_path / name
    done = subprocess.run([sys.executable, "-c", program, str(out)], check=False)
    assert done.returncode == -9
    assert any(path.read_text() == "half" for path in tmp_path.iterdir())
    record(clip, out, predictor)
    assert list(tmp_path.iterdir()) == [out]


def test_file_that_another_process_writes_is_left_to_it(tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with unfinished(out) as part:
        part.write_text("first")
        with (
            pytest.raises(DataError, match="is being written by another process"),
            unfinished(out),
        ):
            pass
    assert out.read_text() == "first"
    assert list(tmp_path.iterdir()) == [out]


def test_film_of_nothing_is_not_written(tmp_path: Path) -> None:
    out = tmp_path / "a.mp4"
    with (
        pytest.raises(DataError, match="no frame"),
        film_writer(out, Fraction(1, 10), Fraction(10)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.avi", "out", "out.json", "mp4"])
def test_other_formats_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="Received"):
        out_path(name, "film.mp4")


def test_film_is_not_written_over_itself(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    Image.new("RGB", (9, 9)).save(film, "PNG")
    (tmp_path / "same.mp4").symlink_to(film)
    for name in ("film.mp4", "same.mp4"):
        with pytest.raises(ConfigError, match="would replace"):
            out_path(str(tmp_path / name), str(film))
    assert out_path(str(tmp_path / "other.mp4"), str(film)) is not None
