import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from counting import CHUNKS, Counting
from storing import require_unchanged

from agegender.data.prepare import prepare
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.lock import only_writer

PREP = """
import os, signal, sys
from pathlib import Path
from agegender.data.prepare import prepare
archive, out, moment, workers = sys.argv[1:]
calls = 0
def die_at(*_):
    global calls
    calls += 1
    if calls == int(moment[1:]):
        os.kill(os.getpid(), signal.SIGKILL)
if moment[0] == "r":
    rename = Path.rename
    Path.rename = lambda self, target: (die_at(), rename(self, target))
def progress(done, total, what):
    if moment[0] == "p" and what == "photos":
        die_at()
prepare("imdb", out, archive=archive, size=16, workers=int(workers), progress=progress)
"""

needs_kill = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")


def run(archive: Path, out: Path, moment: str, workers: int = 1) -> Any:
    command = [sys.executable, "-c", PREP, archive, out, moment, str(workers)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def parts_of(out: Path) -> list[Path]:
    return sorted(out.parent.glob(f".{out.name}.parts-*/*.npz"))


@needs_kill
@pytest.mark.parametrize(
    ("moment", "workers"), [("p1", 1), ("p2", 2), ("p5", 1), ("r1", 2)]
)
def test_killed_prep_goes_on_where_it_stopped(
    drawn: Any, tmp_path: Path, moment: str, workers: int
) -> None:
    archive, whole = drawn
    out = tmp_path / "store"
    assert run(archive, out, moment, workers).returncode == -9
    assert not out.exists()
    before = len(parts_of(out))
    assert before >= min(int(moment[1:]), CHUNKS)
    with Counting(2) as executor:
        store = prepare("imdb", out, archive=archive, size=16, executor=executor)
    assert executor.submitted == CHUNKS - before
    assert store.manifest.content_hash == whole
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@needs_kill
@pytest.mark.parametrize("moment", ["r1", "r2"])
def test_store_being_replaced_is_whole_or_absent(
    drawn: Any, tmp_path: Path, moment: str
) -> None:
    archive, whole = drawn
    out = tmp_path / "store"
    prepare("imdb", out, archive=archive, size=32)
    assert run(archive, out, moment).returncode == -9
    if out.exists():
        require_unchanged(FaceStore.open(out))
    store = prepare("imdb", out, archive=archive, size=16)
    assert store.manifest.content_hash == whole
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_another_job_starts_afresh(drawn: Any, tmp_path: Path) -> None:
    archive, _ = drawn
    out = tmp_path / "store"
    interrupt_after_first(archive, out)
    assert parts_of(out)
    with Counting(2) as executor:
        prepare("imdb", out, archive=archive, size=32, executor=executor)
    assert executor.submitted == CHUNKS
    assert not parts_of(out)


def cut_short(part: bytes) -> bytes:
    return part[:100]


def of_another_time(part: bytes) -> bytes:
    """Let a part ask for a version of zip that nobody reads."""
    at = part.index(b"PK\x01\x02") + 6
    return part[:at] + b"\xff" + part[at + 1 :]


@pytest.mark.parametrize("damage", [cut_short, of_another_time])
def test_damaged_part_is_decoded_again(
    drawn: Any, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    archive, whole = drawn
    out = tmp_path / "store"
    interrupt_after_first(archive, out)
    first = parts_of(out)[0]
    first.write_bytes(damage(first.read_bytes()))
    store = prepare("imdb", out, archive=archive, size=16)
    assert store.manifest.content_hash == whole


def interrupt_after_first(archive: Path, out: Path) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        if what == "photos":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare("imdb", out, archive=archive, size=16, workers=1, progress=interrupt)


def test_second_writer_is_refused_in_one_line(drawn: Any, tmp_path: Path) -> None:
    archive, whole = drawn
    out = tmp_path / "store"
    with only_writer(out), pytest.raises(DataError, match="another process") as refused:
        prepare("imdb", out, archive=archive, size=16)
    assert "\n" not in str(refused.value)
    again = prepare("imdb", out, archive=archive, size=16)
    assert again.manifest.content_hash == whole


def test_file_that_vanishes_midway_is_counted(maker: Any, tmp_path: Path) -> None:
    folder = maker.unpacked(maker.imdb(150, 2))
    last = max(folder.rglob("*149_rm1_*.jpg"))
    store = prepare(
        "imdb",
        tmp_path / "store",
        folder=folder,
        size=16,
        workers=1,
        progress=lambda *_: last.unlink(missing_ok=True),
    )
    assert store.manifest.funnel["dropped"]["missing_file"] == 1
    assert len(store) == 299


def test_archive_cut_midway_leaves_no_store(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.imdb(150, 2))
    whole = archive.read_bytes()

    def cut(*_: object) -> None:
        archive.write_bytes(whole[:-60_000])

    with pytest.raises(DataError, match="was cut"):
        prepare(
            "imdb",
            tmp_path / "store",
            archive=archive,
            size=16,
            workers=1,
            progress=cut,
        )
    assert not (tmp_path / "store").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", place]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk needs root on Linux")
    yield place
    # Lazily: the faces of a store may still be mapped.
    subprocess.run(["umount", "--lazy", place], check=True)


def test_full_disk_is_one_line_and_more_room_mends_it(
    drawn: Any, small_disk: Path
) -> None:
    archive, whole = drawn
    out = small_disk / "store"
    with pytest.raises(DataError, match="cannot be written: No space"):
        # One at a time: two at once may both be cut short by the same full disk.
        prepare("imdb", out, archive=archive, size=16, workers=1)
    assert not out.exists()
    assert parts_of(out)
    more = ["mount", "-o", "remount,size=16m", small_disk]
    subprocess.run(more, check=True)
    store = prepare("imdb", out, archive=archive, size=16)
    assert store.manifest.content_hash == whole


def test_read_only_disk_is_one_line(drawn: Any, small_disk: Path) -> None:
    archive, _ = drawn
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(DataError, match="cannot be written: Read-only"):
        prepare("imdb", small_disk / "store", archive=archive, size=16)


@pytest.mark.skipif(os.name == "nt", reason="no limits of file size on Windows")
def test_file_that_may_not_grow_is_one_line(drawn: Any, tmp_path: Path) -> None:
    archive, _ = drawn
    limited = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9**5, 9**5))\n"
    )
    command = [sys.executable, "-c", limited + PREP]
    done = subprocess.run(
        [*command, archive, tmp_path / "store", "n0", "2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cannot be written: File too large" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "store").exists()
