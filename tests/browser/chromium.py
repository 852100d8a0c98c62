"""A real browser, which writes finished pages out by itself: no driver is needed."""

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import NamedTuple

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
PATIENCE_SECONDS = 120


class Page(NamedTuple):
    """A page as the browser drew it."""

    words: str
    source: str


def drawn(address: str, folder: Path, seconds: int = 30) -> Page:
    """Return a page once it has had time to draw; keep a picture in the folder.

    The browser's clock is its own: it waits for answers, and skips idle time.
    """
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync "
        f"--window-size=1500,1400 --virtual-time-budget={1000 * seconds} --dump-dom"
    )
    done = subprocess.run(
        [
            str(CHROMIUM),
            *flags.split(),
            f"--user-data-dir={folder / 'profile'}",
            f"--screenshot={folder / 'page.png'}",
            address,
        ],
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    source = done.stdout.decode("utf-8", "replace")
    text = re.sub(r"<(script|style)\b.*?</\1>", "", source, flags=re.DOTALL)
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
    return Page(words, source)
