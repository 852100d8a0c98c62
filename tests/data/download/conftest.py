"""A real server on 127.0.0.1 that misbehaves as told."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agegender.data.download import PublishedFile

CONTENT = os.urandom(2**20 + 7)
FILE = PublishedFile("wiki_crop.tar", hashlib.md5(CONTENT).hexdigest())


class Mirror(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag, self.ranges = CONTENT, '"1"', True
        self.file = FILE
        self.status = 0
        self.more = b""
        self.spans: list[str] = []
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
        if mirror.status:
            self.answer(mirror.status, b"no", {"Content-Range": "bytes */3"})
            return
        whole, total, start = mirror.content, len(mirror.content), 0
        fits = self.headers.get("If-Range", mirror.etag) == mirror.etag
        if asked and mirror.ranges and fits:
            start = int(asked[6:-1])
        if asked and start == total:
            self.answer(416, b"", {"Content-Range": f"bytes */{total}"})
            return
        span = {"Content-Range": f"bytes {start}-{total - 1}/{total}"}
        if start and mirror.spans:
            span = {"Content-Range": mirror.spans.pop(0)}
        head = {"ETag": mirror.etag, **(span if start else {})}
        self.answer(206 if start else 200, whole[start:], head)

    def answer(self, status: int, body: bytes, head: dict[str, str]) -> None:
        self.send_response(status)
        if not self.server.more:
            head = {**head, "Content-Length": str(len(body))}
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        body += self.server.more
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


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test of downloads reach beyond this machine."""
    connect = socket.socket.connect

    def at_home(self: socket.socket, address: tuple[str, int]) -> None:
        if self.family != getattr(socket, "AF_UNIX", None):
            assert address[0] in {"127.0.0.1", "::1"}, address
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", at_home)
