"""`predict` on many photos: killed and given again, listed, piped, drawn, refused."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agegender import cli, steps
from agegender.steps import asked_photos

PROJECT = Path(__file__).parents[2]
PHOTOS = 1500
"""More than can be answered before they are counted for the first time."""


@pytest.fixture(scope="session")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of many small crops, two of them no photos."""
    folder = tmp_path_factory.mktemp("crops")
    for level in range(0, 250, 50):
        grey = np.full((24, 24, 3), level, np.uint8)
        Image.fromarray(grey).save(folder / f"grey{level}.png")
    originals = sorted(folder.iterdir())
    for number in range(PHOTOS):
        original = originals[number % len(originals)]
        os.link(original, folder / f"{number:05}.png")
    for original in originals:
        original.unlink()
    for number in (7, 1400):
        (folder / f"{number:05}.png").unlink()
        (folder / f"{number:05}.png").write_bytes(b"no photo")
    return folder


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "agegender", "predict", *words]


ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT)}


def closing(stream: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a shell does with `>&-` or `2>&-` behind it."""
    shell = ["sh", "-c", f'exec "$@" {stream}', "sh", *command(*words)]
    return subprocess.run(shell, env=ENVIRONMENT, capture_output=True, check=False)


def killed(words: list[str], growing: Path, size: int) -> None:
    """Run a command until a file has grown so large, then kill it."""
    process = subprocess.Popen(
        command(*words), env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while not (growing.exists() and growing.stat().st_size > size):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no kill -9")
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_killed_command_goes_on_without_repeating_or_losing_a_photo(
    crops: Path, network_file: Path, form: str, tmp_path: Path
) -> None:
    out = tmp_path / f"answers.{form}"
    words = [str(crops), "--model", str(network_file), "--detector", "none"]
    words += ["--batch-size", "8", "--workers", "2", "--out", str(out)]
    growing = out.with_name(f".{out.name}.rows.csv") if form == "parquet" else out
    killed(words, growing, 20_000)
    with growing.open("ab") as file:  # as if it had been killed while it wrote
        file.write(growing.read_bytes()[-150:-100])
    assert cli.main(["predict", *words]) == 0
    photos = photos_in(out, form)
    assert photos == [str(crops / f"{number:05}.png") for number in range(PHOTOS)]
    if form == "jsonl":
        undisturbed = tmp_path / "undisturbed.jsonl"
        cli.main(["predict", *words[:-1], str(undisturbed)])
        assert out.read_bytes() == undisturbed.read_bytes()


def photos_in(out: Path, form: str) -> list[str]:
    if form == "jsonl":
        return [json.loads(line)["photo"] for line in out.read_text().splitlines()]
    table = pd.read_csv(out) if form == "csv" else pd.read_parquet(out)
    assert table["reason"].notna().sum() == 2
    return table["photo"].tolist()


def ask(network_file: Path, *words: str) -> int:
    return cli.main(
        ["predict", *words, "--model", str(network_file), "--detector", "none"]
    )


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder of a black photo, a white one and a text."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name, level in {"black.png": 0, "white.jpg": 255}.items():
        Image.new("RGB", (40, 30), (level,) * 3).save(folder / name)
    (folder / "letter.jpg").write_text("no photo")
    return folder


def test_list_on_standard_input_is_answered_line_by_line_in_its_order(
    album: Path, network_file: Path
) -> None:
    names = [
        b"\xef\xbb\xbfwhite.jpg",  # as some editors begin a list
        b"gone.jpg",
        b".",
        b"letter.jpg",
        b"b\xffd.jpg",
        b"black.png",
    ]
    done = subprocess.run(
        command(
            *("-", "--format", "jsonl", "--detector", "none"),
            *("--model", str(network_file)),
        ),
        input=b"\n".join(names),
        cwd=album,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    told = [
        (one["photo"], one["reason"] or one["faces"][0]["gender"]) for one in answers
    ]
    assert [photo for photo, _ in told] == [
        "white.jpg",
        "gone.jpg",
        ".",
        "letter.jpg",
        "b\\udcffd.jpg",
        "black.png",
    ]
    reasons = dict(told)
    assert reasons["white.jpg"] == "male"
    assert "No such file" in reasons["gone.jpg"]
    assert "it is no file" in reasons["."]
    assert "none of JPEG" in reasons["letter.jpg"]
    assert reasons["black.png"] == "female"
    assert b"Traceback" not in done.stderr


def test_empty_list_is_an_error(
    network_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    assert ask(network_file, "-") == 3
    assert "no photo is listed" in capsys.readouterr().err


def test_csv_is_printed_as_it_comes_and_nothing_else_is(
    album: Path, network_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(network_file, str(album), "--format", "csv") == 0
    printed = capsys.readouterr().out
    table = pd.read_csv(io.StringIO(printed))
    assert [Path(photo).name for photo in table["photo"]] == [
        "black.png",
        "letter.jpg",
        "white.jpg",
    ]
    assert printed.count("\n") == 4


def test_table_goes_into_a_file_too(
    album: Path, network_file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "answers.txt"
    assert ask(network_file, str(album), "--format", "table", "--out", str(out)) == 0
    assert "no proof of age" in out.read_text()
    assert "3 photos" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--out", "answers.xml"], 2, "say which --format"),
        (["--format", "parquet"], 2, "--out FILE"),
        (["--workers", "0"], 2, "workers must be at least 1"),
        (["--annotated", "album"], 3, "Name another folder"),
        (["https://example.org/a.jpg"], 2, "--allow-urls"),
        (["--out", "album/black.png", "--format", "csv"], 3, "how it was made"),
        (["--out", "album/black.png", "--format", "json"], 2, "replace the photo"),
        (["--out", "album/black.png", "--format", "table"], 2, "replace the photo"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    words: list[str],
    code: int,
    told: str,
    album: Path,
    network_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = (album / "black.png").read_bytes()
    assert ask(network_file, str(album), *words) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert (album / "black.png").read_bytes() == before


def test_table_of_more_photos_than_fit_is_refused_before_any_is_read(
    crops: Path,
    network_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(asked_photos, "MOST_TOGETHER", PHOTOS - 1)
    assert ask(network_file, str(crops)) == 2
    assert "take jsonl, csv or parquet" in capsys.readouterr().err


def test_pictures_are_drawn_before_their_answers_are_written(
    album: Path, network_file: Path, tmp_path: Path
) -> None:
    out, pictures = tmp_path / "a.jsonl", tmp_path / "pictures"
    words = [str(album), "--out", str(out), "--annotated", str(pictures)]
    assert ask(network_file, *words) == 0
    assert sorted(file.name for file in pictures.iterdir()) == [
        "black.png",
        "white.jpg",
    ]
    # Gone on with, the others keep their names: the second white.jpg is white-2.jpg.
    (album / "z").mkdir()
    shutil.copy(album / "white.jpg", album / "z" / "white.jpg")
    assert ask(network_file, *words, "--recursive") == 0
    assert sorted(file.name for file in pictures.iterdir()) == [
        "black.png",
        "white-2.jpg",
        "white.jpg",
    ]
    assert len(out.read_text().splitlines()) == 4


def test_picture_never_replaces_a_photo_that_is_asked_about(
    album: Path, network_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b").mkdir()
    own = tmp_path / "b" / "black.png"
    shutil.copy(album / "white.jpg", own)
    before = own.read_bytes()
    words = [str(album / "black.png"), str(own), "--annotated", str(own.parent)]
    assert ask(network_file, *words) == 3
    assert "Name another folder" in capsys.readouterr().err
    assert own.read_bytes() == before


def test_pictures_inside_the_searched_folder_are_no_photos(
    album: Path, network_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a.jsonl"
    words = [str(album), "--recursive", "--annotated", str(album / "marked")]
    for _ in range(2):
        assert ask(network_file, *words, "--out", str(out)) == 0
    assert len(out.read_text().splitlines()) == 3


def test_photos_answered_without_a_picture_are_told(
    album: Path, network_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(album / "black.png"), "--out", str(tmp_path / "a.jsonl")]
    asked = [str(album / "white.jpg"), *words[1:], "--annotated", str(tmp_path / "b")]
    assert ask(network_file, *words) == 0
    assert ask(network_file, words[0], *asked) == 0
    assert "1 answered before; 1 of them without a picture" in capsys.readouterr().out


def test_picture_of_a_photo_with_an_odd_name_is_found_again(
    album: Path, network_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = shutil.copy(album / "black.png", album / "new\nline.png")
    words = [str(odd), "--out", str(tmp_path / "a.jsonl")]
    words += ["--annotated", str(tmp_path / "b")]
    for _ in range(2):
        assert ask(network_file, *words) == 0
    told = capsys.readouterr().out
    assert "1 photo, " in told
    assert "1 answered before" in told
    assert "without a picture" not in told


def test_ending_says_the_format_in_capitals_too(
    album: Path, network_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ANSWERS.CSV"
    assert ask(network_file, str(album), "--out", str(out)) == 0
    assert out.read_text().startswith("photo,")


@pytest.mark.parametrize("form", ["jsonl", "csv", "json", "table"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk to be full")
def test_full_disk_below_standard_output_is_told_in_one_line(
    album: Path, network_file: Path, form: str
) -> None:
    whole = command(str(album), "--model", str(network_file), "--format", form)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            whole, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 3
    assert b"standard output cannot be written: No space" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_closed_standard_output_is_told_in_one_line(
    album: Path, network_file: Path, form: str
) -> None:
    done = closing(">&-", str(album), "--model", str(network_file), "--format", form)
    assert done.returncode == 3
    assert done.stderr.startswith(b"agegender: standard output is closed.")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_answers_are_told_where_standard_error_is_closed(
    album: Path, network_file: Path
) -> None:
    done = closing("2>&-", str(album), "--model", str(network_file))
    assert done.returncode != cli.DEFECT
    assert b"no proof of age" in done.stdout


def test_closed_standard_input_is_an_empty_list(
    network_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert ask(network_file, "-") == 3
    assert "no photo is listed" in capsys.readouterr().err


def test_refused_options_begin_no_file(
    album: Path, network_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "a.csv"
    assert ask(network_file, str(album), "--out", str(out), "--batch-size", "0") == 2
    assert not out.parent.exists()


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_programs_get_utf_8_whatever_the_encoding_of_the_output(
    form: str, album: Path, network_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (album / "white.jpg").rename(album / "写é😀.jpg")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "cp1252"))
    assert ask(network_file, str(album), "--format", form) == 0
    sys.stdout.flush()
    assert "写é😀.jpg" in printed.getvalue().decode()


def test_photo_is_read_once_for_its_answer_and_its_picture(
    album: Path, network_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    read_bytes = Path.read_bytes

    def counted(path: Path) -> bytes:
        read.append(path.name)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    ask(network_file, str(album), "--annotated", str(tmp_path / "pictures"))
    photos = [name for name in read if not name.endswith(".onnx")]
    assert sorted(photos) == ["black.png", "letter.jpg", "white.jpg"]


def test_progress_begins_before_the_first_photo_is_read(
    album: Path, network_file: Path
) -> None:
    """Else the first batch, told of all at once, would seem to take no time."""
    told: list[tuple[int, int]] = []
    steps.predict(
        [str(album)],
        str(network_file),
        detector="none",
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert told == [(done, 3) for done in range(4)]


def test_photos_that_all_have_been_answered_are_not_asked_about_again(
    album: Path, network_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.csv"
    assert ask(network_file, str(album / "black.png"), "--out", str(out)) == 0
    first = out.read_bytes()
    assert ask(network_file, str(album / "black.png"), "--out", str(out)) == 0
    assert out.read_bytes() == first
    letter = tmp_path / "letter.csv"
    for _ in range(2):
        assert ask(network_file, str(album / "letter.jpg"), "--out", str(letter)) == 3
        assert "no face on any photo" in capsys.readouterr().err
