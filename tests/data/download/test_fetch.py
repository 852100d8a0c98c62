"""A real server on 127.0.0.1 that misbehaves as told."""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agegender.data.download import Patience, PublishedFile, fetch
from agegender.errors import ConfigError, DataError

CONTENT = os.urandom(2**20 + 7)
FILE = PublishedFile("wiki_crop.tar", hashlib.md5(CONTENT).hexdigest())
QUICK = Patience(tries=3, first_pause_s=0.001, stall_s=0.3)


class Mirror(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag, self.ranges = CONTENT, '"1"', True
        self.cuts: list[int] = []
        self.busy: list[dict[str, str]] = []
        self.stalls = False
        self.asked: list[str | None] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/static"


class Handler(BaseHTTPRequestHandler):
    server: Mirror
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        mirror, asked = self.server, self.headers.get("Range")
        mirror.asked.append(asked)
        self.close_connection = True
        if mirror.busy:
            self.answer(503, b"", mirror.busy.pop(0))
            return
        whole, total, start = mirror.content, len(mirror.content), 0
        fits = self.headers.get("If-Range", mirror.etag) == mirror.etag
        if asked and mirror.ranges and fits:
            start = int(asked[6:-1])
        span = {"Content-Range": f"bytes {start}-{total - 1}/{total}"}
        head = {"ETag": mirror.etag, **(span if start else {})}
        self.answer(206 if start else 200, whole[start:], head)

    def answer(self, status: int, body: bytes, head: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**head, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts and body else len(body)
        self.wfile.write(body[:cut])
        if self.server.stalls and cut < len(body):
            self.server.over.wait(5)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def got(mirror: Mirror, folder: Path) -> bool:
    path = fetch(FILE, folder, mirror.url, QUICK)
    assert [p.name for p in folder.iterdir()] == [FILE.name]
    return path.read_bytes() == CONTENT


@pytest.mark.parametrize("stalls", [False, True])
def test_cut_or_stalled_download_goes_on_where_it_was(
    mirror: Mirror, tmp_path: Path, stalls: bool
) -> None:
    mirror.cuts, mirror.stalls = [600_000], stalls
    assert got(mirror, tmp_path / "a")
    assert mirror.asked[0] is None
    assert int((mirror.asked[1] or "")[6:-1]) > 0


def test_server_that_ignores_ranges_is_read_from_zero(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.cuts, mirror.ranges = [600_000], False
    assert got(mirror, tmp_path / "a")


def test_busy_server_is_asked_again_when_it_said(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.busy = [{"Retry-After": "7"}]
    pauses: list[float] = []
    fetch(FILE, tmp_path / "a", mirror.url, QUICK, sleep=pauses.append)
    assert pauses == [7.0]


def test_part_is_kept_for_the_next_call_when_given_up(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.cuts = [600_000, 0, 0, 0]
    with pytest.raises(DataError, match="Call again to go on"):
        fetch(FILE, tmp_path / "a", mirror.url, QUICK)
    assert got(mirror, tmp_path / "a")


def test_file_that_changed_between_tries_is_begun_anew(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.cuts, mirror.content = [600_000, 0, 0], b"x" * len(CONTENT)
    with pytest.raises(DataError):
        fetch(FILE, tmp_path / "a", mirror.url, QUICK)
    mirror.cuts, mirror.content, mirror.etag = [], CONTENT, '"2"'
    assert got(mirror, tmp_path / "a")


def test_wrong_file_is_refused_and_removed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.content = b"something else"
    with pytest.raises(DataError, match="not the published file"):
        fetch(FILE, tmp_path / "a", mirror.url, QUICK)
    assert list((tmp_path / "a").iterdir()) == []


def test_genuine_file_that_is_there_is_not_fetched(
    mirror: Mirror, tmp_path: Path
) -> None:
    (tmp_path / FILE.name).write_bytes(CONTENT)
    assert fetch(FILE, tmp_path, mirror.url) == tmp_path / FILE.name
    assert mirror.asked == []


def test_mirror_must_be_on_the_web(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="file:///etc"):
        fetch(FILE, tmp_path, "file:///etc")
