"""Ctrl-C or SIGTERM as a wish to come to an end, so that what was done is kept."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ASKING: Final = (signal.SIGINT, signal.SIGTERM)
"""What people send, and what batch systems and containers send before they kill."""


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """Give what the first Ctrl-C or SIGTERM sets while the block lasts.

    A second one does what it did before, as both do outside of the main thread.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in ASKING}

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        asked.set()
        give_back()

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in ASKING:
        signal.signal(number, stop)
    try:
        yield asked
    finally:
        give_back()
