"""A whole sample: what lies in it, and that the seed alone decides."""

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from agegender.data.sample import SamplePaths, write_sample
from agegender.data.sample.rows import draw_rows
from agegender.errors import ConfigError, DataError

FACES = 40


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SamplePaths:
    return write_sample(tmp_path_factory.mktemp("sample"), FACES, seed=3, workers=1)


@pytest.fixture(scope="module")
def members(sample: SamplePaths) -> dict[str, bytes]:
    with tarfile.open(sample.archive) as archive:
        return {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive
        }


def _kinds() -> pd.Series:
    rows = draw_rows(FACES, seed=3)
    return rows.set_index("wiki_crop/" + rows["path"])["kind"]


def test_archive_holds_metadata_and_every_picture_but_the_missing(
    members: dict[str, bytes],
) -> None:
    kinds = _kinds()
    expected = set(kinds[kinds != "missing"].index) | {"wiki_crop/wiki.mat"}
    assert set(members) == expected
    assert (kinds == "missing").any()


def test_pictures_decode_unless_truncated(members: dict[str, bytes]) -> None:
    for name, kind in _kinds().items():
        if kind == "missing":
            continue
        picture = Image.open(io.BytesIO(members[name]))
        if kind == "truncated":
            with pytest.raises(OSError, match="truncated"):
                picture.load()
        else:
            picture.load()


def test_pictures_have_the_size_their_rows_promise(members: dict[str, bytes]) -> None:
    rows = draw_rows(FACES, seed=3)
    for row in rows[~rows["kind"].isin(["missing", "truncated"])].itertuples():
        picture = Image.open(io.BytesIO(members[f"wiki_crop/{row.path}"]))
        assert picture.size == (row.width, row.height)


def test_same_seed_gives_same_bytes_whatever_the_number_of_workers(
    sample: SamplePaths, tmp_path: Path
) -> None:
    again = write_sample(tmp_path, FACES, seed=3, workers=2)
    assert again.archive.read_bytes() == sample.archive.read_bytes()
    for photo in sample.photos.iterdir():
        assert (again.photos / photo.name).read_bytes() == photo.read_bytes()


def test_other_seed_gives_other_faces(sample: SamplePaths, tmp_path: Path) -> None:
    other = write_sample(tmp_path, FACES, seed=4, workers=1)
    assert other.archive.read_bytes() != sample.archive.read_bytes()


def test_earlier_sample_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    first = write_sample(tmp_path, 2, workers=1).archive.read_bytes()
    again = write_sample(tmp_path, 2, seed=1, workers=1)
    assert again.archive.read_bytes() != first
    assert {path.name for path in tmp_path.iterdir()} == {"wiki_crop.tar", "photos"}


@pytest.mark.parametrize(
    "name", ["wiki_crop.tar", "photos/labels.csv", "photos/friends.jpg"]
)
def test_what_was_not_drawn_here_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"dear")
    with pytest.raises(DataError, match=f"{name} exists and was not drawn"):
        write_sample(tmp_path, 2, workers=1)
    assert path.read_bytes() == b"dear"
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_genuine_archive_stays(tmp_path: Path) -> None:
    path = tmp_path / "wiki_crop.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("wiki_crop/wiki.mat"))
    before = path.read_bytes()
    with pytest.raises(DataError, match="it stays"):
        write_sample(tmp_path, 2, workers=1)
    assert path.read_bytes() == before


def test_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("mine")
    with pytest.raises(DataError, match="sample cannot be written to") as told:
        write_sample(tmp_path, 2, workers=1)
    assert "\n" not in str(told.value)


def test_interrupted_writing_leaves_the_earlier_archive(tmp_path: Path) -> None:
    before = write_sample(tmp_path, 2, workers=1).archive.read_bytes()

    def interrupt(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, 2, seed=1, workers=1, progress=interrupt)
    assert (tmp_path / "wiki_crop.tar").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"wiki_crop.tar", "photos"}


def test_progress_counts_every_row_once(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_sample(
        tmp_path,
        5,
        workers=1,
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert told == [(done, 5) for done in range(1, 6)]


def test_one_row_is_enough(tmp_path: Path) -> None:
    assert write_sample(tmp_path / "deep" / "down", 1, workers=1).archive.exists()


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="Received a file"):
        write_sample(tmp_path / "file", 2)
    with pytest.raises(DataError, match="cannot make the folder"):
        write_sample(tmp_path / "file" / "below", 2)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("wrong", [{"faces": 0}, {"seed": -1}, {"workers": 0}])
def test_number_out_of_range_is_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    name = next(iter(wrong))
    with pytest.raises(ConfigError, match=f"{name} must be at least"):
        write_sample(tmp_path, **wrong)
    assert not list(tmp_path.iterdir())


@contextmanager
def drawing_of(out: Path) -> Iterator[subprocess.Popen[str]]:
    """Lend a command in a process group of its own that draws, and end all of it."""
    command = [sys.executable, "-m", "agegender", "sample", "--out", str(out)]
    drawing = subprocess.Popen(
        command, stderr=subprocess.PIPE, start_new_session=True, text=True
    )
    try:
        assert drawing.stderr is not None
        assert "faces drawn" in drawing.stderr.readline()
        yield drawing
    finally:
        with suppress(ProcessLookupError):
            os.killpg(drawing.pid, signal.SIGKILL)


def test_killed_sample_leaves_no_process_behind(tmp_path: Path) -> None:
    with drawing_of(tmp_path) as drawing:
        drawing.kill()
        # Whoever is left keeps standard error open.
        drawing.communicate(timeout=120)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_that_all_processes_hear_is_answered_in_one_line(
    tmp_path: Path, times: int
) -> None:
    with drawing_of(tmp_path) as drawing:
        for _ in range(times):
            os.killpg(drawing.pid, signal.SIGINT)
            time.sleep(0.1)
        _, told = drawing.communicate(timeout=60)
    assert told.splitlines()[-1] == "agegender: interrupted."
    assert "Traceback" not in told
    assert drawing.returncode == 130
