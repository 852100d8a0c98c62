"""Parts in a place of the user's: resumed, joined, removed; others' left alone."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from counting import CHUNKS, Counting

from agegender.data.prepare import prepare
from agegender.errors import ConfigError, DataError

PREP = """
import os, signal, sys
from agegender.data.prepare import prepare
archive, out, parts = sys.argv[1:]
def die(done, total, what):
    if what == "photos" and done > total / 2:
        os.kill(os.getpid(), signal.SIGKILL)
prepare("imdb", out, archive=archive, size=16, parts_at=parts, progress=die)
"""


@pytest.fixture(params=["folder", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    shared = tmp_path / "shared"
    shared.mkdir()
    if request.param == "memory":
        yield f"memory://{tmp_path.name}"
        fsspec.filesystem("memory").store.clear()
    else:
        yield str(shared) if request.param == "folder" else shared.as_uri()


def found(place: str) -> list[str]:
    files, folder = fsspec.url_to_fs(place)
    return sorted(files.find(folder))


def interrupted(archive: Path, out: Path, place: str) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        if what == "photos":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(
            "imdb",
            out,
            archive=archive,
            size=16,
            parts_at=place,
            workers=1,
            progress=interrupt,
        )


def test_interrupted_prep_goes_on_from_parts_anywhere(
    drawn: Any, tmp_path: Path, place: str
) -> None:
    archive, whole = drawn
    out = tmp_path / "store"
    interrupted(archive, out, place)
    assert len(found(place)) == 1
    assert not out.exists()
    with Counting(3) as pool:
        store = prepare(
            "imdb", out, archive=archive, size=16, parts_at=place, executor=pool
        )
    assert pool.submitted == CHUNKS - 1
    assert store.manifest.content_hash == whole
    assert found(place) == []
    assert not list(tmp_path.glob(".store*"))


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
def test_killed_prep_goes_on_from_parts_at_a_url(drawn: Any, tmp_path: Path) -> None:
    archive, whole = drawn
    place = tmp_path.as_uri()
    command = [sys.executable, "-c", PREP, archive, tmp_path / "store", place]
    assert subprocess.run(command, check=False).returncode == -9
    assert len(list(tmp_path.glob("store.parts-*/*.npz"))) >= CHUNKS // 2
    store = prepare(
        "imdb", tmp_path / "store", archive=archive, size=16, parts_at=place
    )
    assert store.manifest.content_hash == whole
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_parts_of_another_job_stay_in_a_shared_place(
    drawn: Any, tmp_path: Path, place: str
) -> None:
    archive, _ = drawn
    interrupted(archive, tmp_path / "store", place)
    before = found(place)
    prepare("imdb", tmp_path / "store", archive=archive, size=32, parts_at=place)
    assert found(place) == before


def test_stores_of_one_name_do_not_share_parts(
    drawn: Any, tmp_path: Path, place: str
) -> None:
    archive, whole = drawn
    (tmp_path / "mine").mkdir()
    interrupted(archive, tmp_path / "store", place)
    store = prepare(
        "imdb", tmp_path / "mine" / "store", archive=archive, size=16, parts_at=place
    )
    assert store.manifest.content_hash == whole
    assert len(found(place)) == 1  # the other's part is still there


def test_part_that_goes_meanwhile_is_an_error_not_a_missing_photo(
    drawn: Any, tmp_path: Path, place: str
) -> None:
    archive, whole = drawn
    files, _ = fsspec.url_to_fs(place)
    gone = threading.Event()

    def lose_first(done: int, total: int, what: str) -> None:
        if what == "photos" and not gone.is_set():
            gone.set()
            files.rm(found(place)[0])

    settings: dict[str, Any] = {"archive": archive, "size": 16, "parts_at": place}
    with pytest.raises(DataError, match="1 of 5 parts have gone"):
        prepare("imdb", tmp_path / "s", **settings, workers=1, progress=lose_first)
    assert not (tmp_path / "s").exists()
    again = prepare("imdb", tmp_path / "s", **settings)
    assert again.manifest.content_hash == whole


def test_damaged_part_anywhere_is_decoded_again(
    drawn: Any, tmp_path: Path, place: str
) -> None:
    archive, whole = drawn
    interrupted(archive, tmp_path / "store", place)
    files, _ = fsspec.url_to_fs(place)
    part = found(place)[0]
    files.pipe_file(part, files.cat_file(part)[:100])
    store = prepare(
        "imdb", tmp_path / "store", archive=archive, size=16, parts_at=place
    )
    assert store.manifest.content_hash == whole


def test_parts_of_other_stores_stay_whatever_the_name(
    drawn: Any, tmp_path: Path
) -> None:
    archive, _ = drawn
    others = [".ab.parts-0123456789abcdef", ".a.parts-b.parts-0123456789abcdef"]
    mine = [".a.parts-0123456789abcdef", ".a[b]*.parts-0123456789abcdef"]
    for name in (*others, *mine):
        (tmp_path / name).mkdir()
    for name in ("a", "a[b]*"):
        prepare("imdb", tmp_path / name, archive=archive, size=16)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a", "a[b]*", *others}


def test_parts_cannot_lie_in_the_store(drawn: Any, tmp_path: Path) -> None:
    archive, _ = drawn
    out = tmp_path / "store"
    with pytest.raises(ConfigError, match="in the store itself"):
        prepare("imdb", out, archive=archive, parts_at=str(out / "parts"))
    assert not list(tmp_path.iterdir())


def test_place_that_is_no_folder_is_named(drawn: Any, tmp_path: Path) -> None:
    archive, _ = drawn
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(DataError, match="file cannot be written: Not a directory"):
        prepare("imdb", tmp_path / "store", archive=archive, parts_at=str(file))
