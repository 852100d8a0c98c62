"""A real browser to click in, spoken to through a pipe.

Chromium's own protocol needs no driver and no package: messages are JSON, each ended
by a zero byte, on the file descriptors 3 and 4.
"""

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import pytest
from chromium import CHROMIUM, PATIENCE_SECONDS

ON_3_AND_4 = """
import os, sys
ours, theirs, *command = sys.argv[1:]
heard, said = os.dup(int(ours)), os.dup(int(theirs))
os.dup2(heard, 3)
os.dup2(said, 4)
for number in (3, 4):
    os.set_inheritable(number, True)
os.execv(command[0], command)
"""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--remote-debugging-pipe --use-fake-device-for-media-stream "
    "--use-fake-ui-for-media-stream"
)


class Browser:
    """One page of a headless Chromium.

    Args:
        folder: For its profile.
        flags: More of Chromium's flags.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        ours, self._to = os.pipe()
        self._from, theirs = os.pipe()
        wrapped = [sys.executable, "-c", ON_3_AND_4, str(ours), str(theirs)]
        profile = f"--user-data-dir={folder / 'profile'}"
        self._process = subprocess.Popen(
            [*wrapped, str(CHROMIUM), *FLAGS.split(), profile, *flags, "about:blank"],
            pass_fds=(ours, theirs),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours)
        os.close(theirs)
        self._number, self._rest, self._session = 0, b"", ""
        self.requests: list[str] = []
        """Addresses that the page asked for, pictures and fonts too."""

    def __enter__(self) -> Self:
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Network", "Page", "Runtime", "DOM"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.write(self._to, b'{"id":0,"method":"Browser.close"}\0')
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            os.close(self._to)
            os.close(self._from)

    def call(self, method: str, **parameters: Any) -> Any:
        """Ask for something and wait for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            heard = self._hear(until)
            if heard.get("method") == "Network.requestWillBeSent":
                self.requests.append(heard["params"]["request"]["url"])
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                return heard["result"]

    def _hear(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], until - time.monotonic())
            assert ready, "the browser says nothing"
            heard = os.read(self._from, 1 << 20)
            assert heard, "the browser has gone"
            self._rest += heard
        message, self._rest = self._rest.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(message)
        return answer

    def open(self, address: str, width: int = 1280, height: int = 1000) -> None:
        """Go to a page, in a window of that size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Page.navigate", url=address)

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript gives."""
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if self.run(f"Boolean({script})"):
                return
            time.sleep(0.1)
        pytest.fail(f"never came: {script}\n{self.words()}")

    def words(self) -> str:
        """Return the visible text of the page."""
        return str(self.run("document.body.innerText"))

    def upload(self, selector: str, file: Path) -> None:
        """Choose a file, as a person does in the dialogue."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        found = self.call("DOM.querySelector", nodeId=root, selector=selector)
        self.call("DOM.setFileInputFiles", files=[str(file)], nodeId=found["nodeId"])

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def picture(self, file: Path) -> None:
        """Keep a picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**size, "x": 0, "y": 0, "scale": 1}
        shot = self.call(
            "Page.captureScreenshot", captureBeyondViewport=True, clip=clip
        )
        file.write_bytes(base64.b64decode(shot["data"]))
