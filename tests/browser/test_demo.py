"""The page to try a model on, used by a real browser with a real photo.

The photo is the US Navy's portrait of Grace Hopper, in the public domain, which
matplotlib ships among its sample data.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
from chromium import CHROMIUM
from clicking import Browser
from PIL import Image

PROJECT = Path(__file__).parents[2]
PHOTO = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
COMMAND = "demo --model starter --port 0 --no-open"
ANSWERED = "document.querySelector('.panel, .complaint')"
LETTERS_INSIDE = """
[...document.querySelectorAll('.plot text')].every(text =>
  text.getBoundingClientRect().right
    <= text.ownerSVGElement.getBoundingClientRect().right)
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "agegender", *COMMAND.split()],
        cwd=tmp_path_factory.mktemp("page"),
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
        process.kill()


def opened(browser: Browser, address: str, width: int = 1280) -> None:
    browser.open(address, width)
    browser.wait("document.querySelector('input[type=file]')")
    browser.wait("document.querySelector('.samples button')")


@pytest.mark.parametrize("width", [1280, 390])
def test_photo_is_answered_and_fits_the_window(
    browser: Browser, address: str, width: int, tmp_path: Path
) -> None:
    opened(browser, address, width)
    browser.upload("input[type=file]", PHOTO)
    browser.wait(ANSWERED)

    told = browser.words()
    assert "One face. Answered by starter." in told
    assert "Likely " in told
    assert "no proof of age" in told
    assert browser.run("document.querySelectorAll('.plot .likely').length") == 1
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run(LETTERS_INSIDE)
    browser.picture(tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.width <= width


def test_card_fits_a_phone_and_its_words_stay_whole(
    browser: Browser, address: str
) -> None:
    opened(browser, address, width=390)
    browser.run(
        "[...document.querySelectorAll('button')]"
        ".find(one => one.innerText.includes('card')).click()"
    )
    browser.wait("document.querySelector('.card td')")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    intervals = "[...document.querySelectorAll('.card td:not(:first-child)')]"
    assert browser.run(f"Math.max(...{intervals}.map(one => one.scrollWidth))") > 90
    heights = "[...document.querySelectorAll('.card tr')].map(one => one.offsetHeight)"
    assert browser.run(f"Math.max(...{heights})") < 200


def test_drawn_group_gets_a_panel_a_face(browser: Browser, address: str) -> None:
    opened(browser, address)
    browser.run("document.querySelectorAll('.samples button')[4].click()")
    browser.wait("document.querySelectorAll('.panel').length > 1")
    panels = browser.run("document.querySelectorAll('.panel').length")
    assert f"{panels} faces, the surest first" in browser.words()


@pytest.mark.parametrize("content", [b"only words", PHOTO.read_bytes()[:2000]])
def test_spoilt_photo_gives_one_line(
    browser: Browser, address: str, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "spoilt.jpg").write_bytes(content)
    opened(browser, address)
    browser.upload("input[type=file]", tmp_path / "spoilt.jpg")
    browser.wait(ANSWERED)
    assert browser.run("document.querySelectorAll('.complaint').length") == 1
    assert "Traceback" not in browser.words()


def test_every_request_stays_on_this_machine(browser: Browser, address: str) -> None:
    opened(browser, address)
    browser.upload("input[type=file]", PHOTO)
    browser.wait(ANSWERED)
    here = (f"{address}/", "data:", "blob:", "about:")
    assert [url for url in browser.requests if not url.startswith(here)] == []
    assert len(browser.requests) > 10


def test_picture_of_the_camera_is_answered(address: str, tmp_path: Path) -> None:
    film = tmp_path / "camera.mjpeg"  # JPEGs one after the other
    film.write_bytes(PHOTO.read_bytes() * 30)
    with Browser(tmp_path, f"--use-file-for-fake-video-capture={film}") as browser:
        opened(browser, address)
        browser.click('button[aria-label="Capture from camera"]')
        browser.wait("document.querySelector('.access-wrap, [title*=webcam] button')")
        browser.click('.access-wrap, [title*="webcam"] button')
        browser.wait("document.querySelector('button[aria-label=\"capture photo\"]')")
        browser.wait("document.querySelector('video').videoWidth > 0")
        browser.click('button[aria-label="capture photo"]')
        browser.wait(ANSWERED)
        assert "Answered by starter." in browser.words()
