"""`agegender video` as people call it."""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from agegender import cli

STARTER = ["--model", "starter"]


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the last line on standard error; those before it tell the progress."""
    *others, last = capsys.readouterr().err.strip().splitlines()
    assert all(line.startswith("watching frames: ") for line in others)
    return last


def test_people_are_listed_with_when_they_were_seen(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["video", str(clip), *STARTER]) == 0
    heading, first, second, *_, notice = capsys.readouterr().out.strip().splitlines()
    assert heading.split()[:2] == ["face", "from"]
    assert [line.split()[0] for line in (first, second)] == ["1", "2"]
    assert "no proof of age" in notice


def test_film_is_watched_for_as_long_as_asked(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--seconds", "0.95", "--every", "1", "--out", "new/out.jsonl"]
    assert cli.main(["video", str(clip), *STARTER, *options]) == 0
    text = (tmp_path / "new/out.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["frame"] for line in lines if line["kind"] == "look"] == list(
        range(10)
    )
    assert capsys.readouterr().out.rstrip().endswith("out.jsonl")


def test_film_without_faces_is_code_3_and_still_written(
    studio: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = studio.film("a.mp4", studio.plain(4))
    assert cli.main(["video", str(film), *STARTER, "--out", "out.mp4"]) == 3
    assert "no face in" in complaint(capsys)
    assert (tmp_path / "out.mp4").is_file()


def test_cut_film_is_told_up_to_where_it_ends(
    studio: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = studio.film("a.mkv", studio.people(frames=30))
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert cli.main(["video", str(film), *STARTER, "--out", "out.jsonl"]) == 3
    assert "it was cut short" in complaint(capsys)
    assert '"kind": "person"' in (tmp_path / "out.jsonl").read_text()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["nowhere.mp4"], 3, "no film at nowhere.mp4"),
        (["CLIP", "--out", "out.avi"], 2, "Received: out.avi"),
        (["CLIP", "--every", "0"], 2, "Received: 0"),
        (["CLIP", "--seconds", "0"], 2, "Received: 0"),
        (["CLIP", "--interval", "1.5"], 2, "Received: 1.5"),
        (["CLIP", "--model", "no.onnx"], 4, "no.onnx"),
        (["97"], 3, "camera 97"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    clip: Path,
    tmp_path: Path,
    options: list[str],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [str(clip) if word == "CLIP" else word for word in options]
    model = [] if "--model" in given else STARTER
    out = [] if "--out" in given else ["--out", "out.mp4"]
    assert cli.main(["video", *given, *model, *out]) == code
    assert says in complaint(capsys)
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_av_one_line_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['av'] = None; from agegender.cli import main;"
        "sys.exit(main(['video', 'film.mp4']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        'agegender: films need the package av: pip install "agegender[video]".\n'
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_film_is_finished_with_what_was_seen(
    studio: Any, tmp_path: Path, request_to_end: signal.Signals
) -> None:
    frames = itertools.cycle(list(studio.people(frames=20)))
    film = studio.film("long.mkv", itertools.islice(frames, 300))
    command = [sys.executable, "-m", "agegender", "video", str(film), *STARTER]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [*command, "--every", "1", "--out", str(tmp_path / "out.mp4")],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "watching frames: 1/300\n"
        process.send_signal(request_to_end)
        out, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("agegender: interrupted")
    assert "out.mp4" in out
    assert {path.name for path in tmp_path.iterdir()} == {"long.mkv", "out.mp4"}
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert 0 < len(list(file.decode(video=0))) < 300
