"""Photos on the web: within limits, from a real server."""

import io
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest
from PIL import Image

from agegender.config import PhotoLimits
from agegender.detect import WholePhoto
from agegender.errors import ConfigError, DataError
from agegender.model.network import Network
from agegender.predict import Predictor, find_photos
from agegender.predict.addresses import fetch, fetched_content


def white() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 30), "white").save(file, "PNG")
    return file.getvalue()


class Photos(BaseHTTPRequestHandler):
    """A photo, ways that lead elsewhere, some with a load, and one that trickles."""

    pages: ClassVar = {"/a.png": white(), "/long": b"x" * 100_000}
    ways: ClassVar = {
        "/moved": "/a.png",
        "/file": "file:///etc/hostname",
        "/o": "/o",
        "/late": "/late",
        "/signed-in": "http://me:secret@127.0.0.1:1/gone",
    }

    def do_GET(self) -> None:
        if self.path == "/late":
            time.sleep(0.4)
        if self.path in self.ways:
            self.send_response(302)
            self.send_header("Location", self.ways[self.path])
            self.end_headers()
        elif self.path in {"/trickle", "/loaded"}:
            self.send_response(302 if self.path == "/loaded" else 200)
            self.send_header("Location", "/a.png")
            self.end_headers()
            self.trickle()
        else:
            body = self.pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

    def trickle(self) -> None:
        try:
            for _ in range(600):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Photos)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.01,)).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_photo_is_fetched_and_named_by_its_address(host: str, network: Network) -> None:
    predictor = Predictor(network, WholePhoto(), reader=fetched_content)
    found, moved, gone = predictor.predict(
        [f"{host}/a.png", f"{host}/moved", f"{host}/gone"]
    )
    assert found.source == f"{host}/a.png"
    assert [len(found.faces), len(moved.faces)] == [1, 1]
    assert "404" in (gone.error or "")


@pytest.mark.parametrize(
    ("path", "told"),
    [("/file", "No connection adapters"), ("/o", "redirects"), ("/long", "50,000")],
)
def test_ways_to_elsewhere_and_what_is_too_large_are_refused(
    host: str, path: str, told: str
) -> None:
    with pytest.raises(DataError, match=told) as refused:
        fetch(host + path, most=50_000)
    assert "\n" not in str(refused.value)


def test_server_that_trickles_is_given_up(host: str) -> None:
    with pytest.raises(DataError, match="takes too long"):
        fetch(f"{host}/trickle", seconds=0.3)


def test_what_comes_with_a_redirection_is_not_read(host: str) -> None:
    assert fetch(f"{host}/loaded", seconds=5) == white()


def test_redirections_have_no_more_time_than_a_photo(host: str) -> None:
    with pytest.raises(DataError, match="takes too long"):
        fetch(f"{host}/late", seconds=1)


@pytest.mark.parametrize("path", ["/gone", "/my gone.png", "/signed-in"])
def test_password_of_an_address_is_not_told(
    host: str, path: str, network: Network
) -> None:
    address = host.replace("//", "//me:secret@") + path
    with pytest.raises(DataError) as refused:
        fetch(address)
    assert "secret" not in str(refused.value)
    [answer] = Predictor(network, WholePhoto(), reader=fetched_content).predict(address)
    assert "secret" not in f"{answer}"
    assert answer.source == host + path
    with pytest.raises(ConfigError) as unasked:
        find_photos([address])
    assert "secret" not in str(unasked.value)


def test_files_are_read_as_ever(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("photos") / "a.png"
    path.write_bytes(white())
    assert fetched_content(path, PhotoLimits()) == white()
    assert fetched_content(white(), PhotoLimits()) == white()
