"""What the page says and draws, and its real server asked over HTTP."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from agegender import steps
from agegender.config import AbstainRules
from agegender.data.sample.photos import GROUPS, draw_group, example_photo
from agegender.demo.answer import Answering, gender_line, headline
from agegender.demo.plot import age_plot
from agegender.demo.uploads import take
from agegender.errors import ConfigError, DataError
from agegender.predict import Face
from agegender.steps.demonstration import card_beside
from agegender.steps.loading import Found, digest_of, load

PROJECT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
COMMAND = "demo --model starter --port 0"
BROWSER = "import sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n"
"""As those of a terminal: it is there until it has the page."""

FACE = Face(
    box=(10.0, 10.0, 60.0, 60.0),
    landmarks=None,
    detection_score=0.99,
    age=50.0,
    age_low=40.0,
    age_high=60.0,
    male_probability=0.9,
    age_probabilities=tuple(float(age == 50) for age in range(101)),
)


@pytest.fixture(scope="module")
def answering() -> Answering:
    predictor, name = load("starter")
    return Answering(predictor, name)


def test_interval_is_shaded_where_its_ages_are() -> None:
    svg = age_plot(FACE)
    shaded = re.search(r'class="likely" x="([\d.]+)" y="\d+" width="([\d.]+)"', svg)
    assert shaded is not None
    # 0..100 years are 300 units from 10 on.
    assert [float(edge) for edge in shaded.groups()] == [130.0, 60.0]
    assert "Likely from 40 to 60 years, told as 50" in svg
    assert 'd="M160.0 ' in svg


def test_ends_of_a_narrow_interval_do_not_overlap_even_at_the_edge() -> None:
    for age in (0.0, 50.0, 100.0):
        svg = age_plot(replace(FACE, age=age, age_low=age, age_high=age))
        left, right = map(float, re.findall(r'class="end" x="([\d.-]+)"', svg))
        assert right - left >= 14  # two letters of seven units
        assert left >= 0
        assert right <= 320


def test_abstained_answers_say_so_instead_of_answering() -> None:
    unsure = replace(FACE, abstained=("age", "gender"))
    assert headline(FACE) == "Looks about 50 years old"
    assert headline(unsure) == "Too unsure to tell an age (about 50?)"
    assert headline(replace(FACE, abstained=("face",))).startswith("Perhaps no face")
    assert gender_line(FACE) == "Perceived male, 90%"
    assert gender_line(unsure) == "Too unsure to tell a gender (male, 90%?)"


def test_each_face_of_a_group_gets_a_panel_and_the_model_is_named(
    answering: Answering,
) -> None:
    photo = draw_group(GROUPS["friends"], np.random.default_rng(4))
    (found,) = answering.predictor.predict([photo])
    html = answering.answer(photo)
    assert len(found.faces) > 1
    assert html.count("<article") == html.count('class="plot"') == len(found.faces)
    assert f"{len(found.faces)} faces, the surest first. Answered by starter." in html


def test_abstaining_is_to_be_seen_on_the_panel() -> None:
    predictor, name = load("starter", abstain=AbstainRules(age_interval=0.0))
    html = Answering(predictor, name).answer(example_photo())
    assert 'class="panel unsure"' in html
    assert "Too unsure to tell an age" in html


@pytest.mark.parametrize("content", [b"", b"only words\n", example_photo()[:3000]])
def test_what_is_no_photo_gives_one_line(answering: Answering, content: bytes) -> None:
    html = answering.answer(content)
    assert html.startswith('<p class="complaint" role="alert">')
    assert "\n" not in html
    assert "<img" not in html


def test_photo_without_a_face_says_what_to_try(answering: Answering) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    assert "No face found on this photo. Try one" in answering.answer(grey)


def test_upload_is_gone_once_it_is_taken(tmp_path: Path) -> None:
    upload = tmp_path / "photo.jpg"
    upload.write_bytes(b"bytes")
    assert take({"path": str(upload)}, tmp_path) == b"bytes"
    assert not upload.exists()
    with pytest.raises(DataError, match="gone"):
        take({"path": str(upload)}, tmp_path)


def test_file_that_was_not_uploaded_is_neither_read_nor_removed(tmp_path: Path) -> None:
    uploads, secret = tmp_path / "uploads", tmp_path / "secret"
    uploads.mkdir()
    secret.write_text("mine")
    (uploads / "link").symlink_to(secret)
    for path in (secret, uploads / "link", uploads / ".." / "secret", uploads):
        with pytest.raises(DataError, match="no uploaded photo"):
            take({"path": str(path)}, uploads)
    for nothing in (None, {}, {"path": None, "url": "http://127.0.0.1/x"}):
        with pytest.raises(DataError, match="no photo came"):
            take(nothing, uploads)
    assert secret.read_text() == "mine"


def test_card_that_is_not_in_utf8_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "MODEL_CARD.md").write_bytes("# K\u00e4rtchen".encode("latin-1"))
    shown = card_beside(Found(tmp_path / "network.onnx", "network.onnx"))
    assert shown == "# K\N{REPLACEMENT CHARACTER}rtchen"


def test_card_of_another_network_in_the_same_folder_is_not_shown(
    tmp_path: Path,
) -> None:
    own = Found(tmp_path / "own.onnx", "own.onnx")
    other = Found(tmp_path / "other.onnx", "other.onnx")
    own.file.write_bytes(b"own")
    other.file.write_bytes(b"other")
    card = f"# Card\n\n- sha256: {digest_of(own)}\n"
    (tmp_path / "MODEL_CARD.md").write_text(card)
    assert card_beside(own) == card
    assert card_beside(other) is None


def test_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"within 0\.\.65535\. Received: 99999"):
        steps.demo(model="starter", port=99_999, open=False)


def test_taken_port_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} cannot be had"):
            steps.demo(model="starter", port=port, open=False)


def test_absent_gradio_is_told_in_one_line(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "find = PathFinder.find_spec\n"
        "PathFinder.find_spec = lambda name, *rest: "
        "None if name == 'gradio' else find(name, *rest)\n"
        "from agegender import cli\n"
        "sys.exit(cli.main(['demo']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith('pip install "agegender[demo]".')
    assert len(done.stderr.strip().splitlines()) == 1


class Served(NamedTuple):
    """A page that runs in a process of its own."""

    address: str
    process: "subprocess.Popen[str]"
    folder: Path


AUDIT = """
import sys

def told(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if arguments[1][0] not in ("127.0.0.1", "::1"):
            with open("asked.txt", "a") as file:
                file.write(f"{arguments[1]}\\n")

sys.addaudithook(told)
"""
"""Notes whomever the server's process asks over the network, but itself."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "sitecustomize.py").write_text(AUDIT)
    (folder / "browser.py").write_text(BROWSER)
    (folder / "temporary").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "agegender", *COMMAND.split()],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(folder), str(PROJECT)]),
            "TMPDIR": str(folder / "temporary"),
            "BROWSER": f"'{sys.executable}' '{folder / 'browser.py'}' %s",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"no page: {process.communicate()[1]}")
        yield Served(line.split()[0], process, folder)
    finally:
        process.kill()
        process.communicate()


def asked(request: urllib.request.Request | str) -> bytes:
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def uploaded(address: str, photo: bytes, origin: str | None = None) -> str:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + photo + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    if origin is not None:
        kind["Origin"] = origin
    request = urllib.request.Request(f"{address}/gradio_api/upload", body, kind)
    (path,) = json.loads(asked(request))
    return str(path)


def told(address: str, path: str) -> str:
    """Ask about an upload as Gradio's clients do: begin, then read the event."""
    call = f"{address}/gradio_api/call/upload"
    value: dict[str, Any] = {"path": path, "meta": {"_type": "gradio.FileData"}}
    kind = {"Content-Type": "application/json"}
    body = json.dumps({"data": [value]}).encode()
    event = json.loads(asked(urllib.request.Request(call, body, kind)))["event_id"]
    return asked(f"{call}/{event}").decode()


def answered(address: str, path: str) -> str:
    _, html = json.loads(told(address, path).rpartition("data: ")[2])
    return str(html)


def files_in(folder: Path) -> list[Path]:
    """List what is kept; ONNX Runtime, if it reported to its makers, keeps `.ses`."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_page_answers_two_people_at_once_and_keeps_nothing(served: Served) -> None:
    page = asked(served.address).decode()
    assert "How old does a face look?" in page
    photos = [example_photo(), draw_group(GROUPS["couple"], np.random.default_rng(4))]

    def whole(photo: bytes) -> str:
        return answered(served.address, uploaded(served.address, photo))

    with ThreadPoolExecutor(2) as people:
        one, two = people.map(whole, photos)

    assert one.count("<article") == 1
    assert two.count("<article") == 2
    assert files_in(served.folder / "temporary") == []


def test_words_and_other_peoples_files_give_one_line(served: Served) -> None:
    words = answered(served.address, uploaded(served.address, b"only words"))
    assert 'class="complaint"' in words
    # The server's own process could read this one.
    other = told(served.address, str(served.folder / "sitecustomize.py"))
    assert other.startswith("event: error")
    assert files_in(served.folder / "temporary") == []
    assert (served.folder / "sitecustomize.py").read_text() == AUDIT


def test_upload_that_is_too_large_is_turned_away(served: Served) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        uploaded(served.address, bytes(20_000_001))
    assert refused.value.code == 413
    refused.value.close()


def test_page_forbids_other_hosts_and_answers_to_no_other_name(served: Served) -> None:
    with urllib.request.urlopen(served.address, timeout=PATIENCE_SECONDS) as page:
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    foreign = urllib.request.Request(served.address, headers={"Host": "example.org"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        asked(foreign)
    assert refused.value.code == 400
    refused.value.close()


@pytest.mark.parametrize("origin", ["http://example.org", "null", ""])
def test_another_page_uploads_nothing(served: Served, origin: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        uploaded(served.address, example_photo(), origin)
    assert refused.value.code == 403
    refused.value.close()
    own = uploaded(served.address, example_photo(), served.address)
    assert "<article" in answered(served.address, own)


@pytest.mark.skipif(sys.platform == "win32", reason="no Ctrl-C to another process")
def test_ctrl_c_ends_the_page_and_nobody_was_asked(served: Served) -> None:
    asked(served.address)
    served.process.send_signal(signal.SIGINT)
    _, errors = served.process.communicate(timeout=PATIENCE_SECONDS)
    assert served.process.returncode == 130
    # Above it stands at most what Gradio says of the file that was refused.
    assert errors.strip().splitlines()[-1] == "agegender: interrupted."
    assert not re.search("KeyboardInterrupt|CancelledError", errors)
    assert not list((served.folder / "temporary").glob("agegender-*"))
    assert not (served.folder / "asked.txt").exists()
