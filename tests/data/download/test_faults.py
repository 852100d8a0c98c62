"""What else may go wrong with a download, each tried with a real server."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from agegender import cli
from agegender.data.download import FILES, Patience, PublishedFile, fetch
from agegender.errors import DataError

Mirror = Any  # see conftest
QUICK = Patience(tries=3, first_pause_s=0.001, stall_s=0.3)
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has neither")

# Fetches in a process of its own, which a test may kill or give little room.
ALONE = """
import sys
from pathlib import Path
from agegender.data.download import Patience, PublishedFile, fetch
name, md5, folder, url, most = sys.argv[1:]
if int(most):
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
try:
    fetch(PublishedFile(name, md5), Path(folder), url, Patience(tries=2, stall_s=60))
except Exception as error:
    print(type(error).__name__, error)
    sys.exit(3)
"""


def alone(mirror: Mirror, folder: Path, most: int = 0) -> subprocess.Popen[str]:
    file = mirror.file
    command = [sys.executable, "-c", ALONE, file.name, file.md5, str(folder)]
    command += [mirror.url, str(most)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def part_of(folder: Path, mirror: Mirror) -> Path:
    return folder / f"{mirror.file.name}.part"


def wait_for(path: Path, size: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and path.stat().st_size >= size:
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} never came to {size} bytes")


@POSIX
def test_killed_download_goes_on_where_it_was(mirror: Mirror, tmp_path: Path) -> None:
    mirror.cuts, mirror.stalls = [700_000], True
    process = alone(mirror, tmp_path)
    wait_for(part_of(tmp_path, mirror), 500_000)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    mirror.over.set()
    assert not (tmp_path / mirror.file.name).exists()
    kept = part_of(tmp_path, mirror).stat().st_size
    path = fetch(mirror.file, tmp_path, mirror.url, QUICK)
    assert path.read_bytes() == mirror.content
    assert mirror.asked[-1] == f"bytes={kept}-"
    assert [file.name for file in tmp_path.iterdir()] == [mirror.file.name]


@POSIX
def test_second_download_to_one_place_is_refused_meanwhile(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.cuts, mirror.stalls = [700_000], True
    process = alone(mirror, tmp_path)
    try:
        wait_for(part_of(tmp_path, mirror), 500_000)
        with pytest.raises(DataError) as refused:
            fetch(mirror.file, tmp_path, mirror.url, QUICK)
        assert "\n" not in str(refused.value)
        assert len(mirror.asked) == 1
    finally:
        process.kill()
        process.communicate()
        mirror.over.set()


@POSIX
def test_full_disk_is_one_line_and_the_next_call_goes_on(
    mirror: Mirror, tmp_path: Path
) -> None:
    process = alone(mirror, tmp_path, most=600_000)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert told.startswith("DataError")
    assert "File too large. Call again to go on" in told
    assert told.count("\n") == 1
    assert fetch(mirror.file, tmp_path, mirror.url, QUICK).stat().st_size == len(
        mirror.content
    )
    assert (mirror.asked[-1] or "").startswith("bytes=")


@POSIX
def test_place_that_cannot_be_written_is_one_line(
    mirror: Mirror, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written: Not a directory"):
        fetch(mirror.file, tmp_path / "file" / "folder", mirror.url, QUICK)
    if os.geteuid() == 0:
        return  # nothing is read-only to root
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="Permission denied"):
        fetch(mirror.file, tmp_path, mirror.url, QUICK)


def test_file_that_is_offered_larger_than_it_can_be_is_refused_unread(
    mirror: Mirror, tmp_path: Path
) -> None:
    small = PublishedFile(mirror.file.name, mirror.file.md5, largest=1000)
    with pytest.raises(DataError, match=r"offers 1,048,583 bytes .* at most 1,000"):
        fetch(small, tmp_path, mirror.url, QUICK)
    assert not (tmp_path / small.name).exists()


def test_body_without_a_length_that_never_ends_is_stopped(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.more = b"and on" * 1000
    small = PublishedFile(mirror.file.name, mirror.file.md5, largest=1_050_000)
    with pytest.raises(DataError, match="sends more than the 1,050,000 bytes"):
        fetch(small, tmp_path, mirror.url, QUICK)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refusal_is_believed_at_once(
    mirror: Mirror, tmp_path: Path, status: int
) -> None:
    mirror.status = status
    with pytest.raises(DataError, match=rf"answered {status} .* --base-url"):
        fetch(mirror.file, tmp_path, mirror.url, QUICK)
    assert len(mirror.asked) == 1


def test_part_that_is_whole_is_not_fetched_again(
    mirror: Mirror, tmp_path: Path
) -> None:
    part_of(tmp_path, mirror).write_bytes(mirror.content)
    path = fetch(mirror.file, tmp_path, mirror.url, QUICK)
    assert path.read_bytes() == mirror.content
    assert mirror.asked == [f"bytes={len(mirror.content)}-"]


def test_part_longer_than_the_file_is_begun_anew(
    mirror: Mirror, tmp_path: Path
) -> None:
    part_of(tmp_path, mirror).write_bytes(mirror.content + b"more")
    mirror.status = 416

    def answer_again(_: float) -> None:
        mirror.status = 0

    path = fetch(mirror.file, tmp_path, mirror.url, QUICK, sleep=answer_again)
    assert path.read_bytes() == mirror.content
    assert mirror.asked[-1] is None


@pytest.mark.parametrize(
    "span", ["bytes 5-9/1048583", "bytes */1048583", "pages 1-2/3", "", "bytes 1-"]
)
def test_answer_to_another_range_is_not_appended(
    mirror: Mirror, tmp_path: Path, span: str
) -> None:
    mirror.cuts, mirror.spans = [600_000], [span]
    path = fetch(mirror.file, tmp_path, mirror.url, QUICK)
    assert path.read_bytes() == mirror.content


@pytest.mark.parametrize("ahead", [40, -40])
def test_date_after_which_to_come_back_is_kept(
    mirror: Mirror, tmp_path: Path, ahead: int
) -> None:
    when = datetime.now(UTC) + timedelta(seconds=ahead)
    mirror.busy = [{"Retry-After": format_datetime(when, usegmt=True)}]
    pauses: list[float] = []
    fetch(mirror.file, tmp_path, mirror.url, QUICK, sleep=pauses.append)
    (pause,) = pauses
    assert (30 < pause <= 40) if ahead > 0 else pause < 1


def test_pause_that_a_server_asks_for_has_a_limit(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.busy = [{"Retry-After": "86400"}, {"Retry-After": "soon"}]
    pauses: list[float] = []
    fetch(mirror.file, tmp_path, mirror.url, QUICK, sleep=pauses.append)
    assert pauses[0] == QUICK.longest_pause_s
    assert pauses[1] < 1


def test_command_fetches_a_published_file(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(FILES, "wiki", mirror.file)
    command = ["download", "wiki", "--out", str(tmp_path), "--base-url", mirror.url]
    assert cli.main(command) == 2
    assert "--accept-terms" in capsys.readouterr().err
    assert mirror.asked == []
    assert cli.main([*command, "--accept-terms", "true"]) == 0
    assert "md5" in capsys.readouterr().out
    assert (tmp_path / mirror.file.name).read_bytes() == mirror.content


def test_interrupted_download_keeps_the_part(mirror: Mirror, tmp_path: Path) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(mirror.file, tmp_path, mirror.url, QUICK, progress=interrupt)
    kept = part_of(tmp_path, mirror).stat().st_size
    assert kept > 500_000
    fetch(mirror.file, tmp_path, mirror.url, QUICK)
    assert mirror.asked[-1] == f"bytes={kept}-"


@pytest.mark.parametrize(
    "note", ['{"url": 3}', '{"url": "u", "etag": 7}', '{"url": "u", "total": "9"}', "["]
)
def test_damaged_note_is_as_good_as_none(
    mirror: Mirror, tmp_path: Path, note: str
) -> None:
    part_of(tmp_path, mirror).write_bytes(mirror.content[:1000])
    part_of(tmp_path, mirror).with_suffix(".part.json").write_text(note)
    path = fetch(mirror.file, tmp_path, mirror.url, QUICK)
    assert path.read_bytes() == mirror.content


def test_date_at_the_end_of_the_calendar_is_no_pause(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.busy = [{"Retry-After": "Fri, 31 Dec 9999 23:59:59 -1200"}]
    pauses: list[float] = []
    fetch(mirror.file, tmp_path, mirror.url, QUICK, sleep=pauses.append)
    assert pauses[0] <= QUICK.longest_pause_s
