"""Progress as a person at a terminal, or a log file, wants to see it."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TextIO

from agegender.errors import DataError
from agegender.plain_text import spelled_out
from agegender.progress import BYTES

LOG_INTERVAL_S = 10.0
"""Seconds between two lines where the output is no terminal."""

SPEED_AFTER_S = 1.0
"""Seconds of work before a line tells the speed."""


def as_text(text: str) -> str:
    """Spell out what a terminal would take for an order.

    Names and notes in files of others are told as they are, in whatever line.
    """
    return spelled_out(text, r"\r")


class _TextAlone(logging.Formatter):
    """Warnings that no terminal takes orders from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a warning."""
        return as_text(super().format(record))


def warn_in_text() -> None:
    """Let warnings that nobody handles, and standard error shows, hold text alone."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_TextAlone())


def keep_streams() -> None:
    """Let no file take the place of a standard stream that was closed (`2>&-`)."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def tell(text: str) -> None:
    """Print a line on standard error, as long as somebody takes it.

    Work does not end because the reader of its progress has gone (`2>&1 | head`), or
    because the disk below its log is full.
    """
    try:
        print(as_text(text), file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """Let what is written from now on, and what is left over, go nowhere."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), stream.fileno())


@contextmanager
def printed() -> Iterator[None]:
    """Lend standard output to a block that writes and flushes.

    Raises:
        DataError: If the disk below it is full or gone.
    """
    try:
        yield
    except BrokenPipeError:  # whoever read it has enough
        raise
    except OSError as error:
        raise DataError(
            f"standard output cannot be written: {error.strerror or error}."
        ) from error


class TerminalProgress:
    """Draw `(done, total, what)` calls as bars on standard error.

    A call whose `done` is below the last one's, or whose `total` differs, or after
    all was done, begins a new bar. Where `what` ends in `BYTES`, MB are told. A
    second line of `what` is shown below the bar, which then is the same when all is
    done: who ended last may be named after that. Where standard error is no terminal,
    a line is printed now and then instead, so that logs stay readable.
    """

    def __init__(self) -> None:
        self._bars: Any = None
        self._task: Any = None
        self._last = (0, -1)
        self._name = ""
        self._printed = 0.0
        self._begun = (0.0, 0)
        if sys.stderr.isatty():
            from agegender.bars import bars_on_stderr  # noqa: PLC0415 - when drawn

            self._bars = bars_on_stderr()

    def __enter__(self) -> Self:
        """Begin drawing."""
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the finished bars on the screen."""
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` are finished of `what`."""
        before, self._last = self._last, (done, total)
        stands = self._last == before
        name, _, note = what.partition("\n")
        is_over = not note and before[0] == total
        is_new = done < before[0] or total != before[1] or is_over
        is_bytes, name = name.endswith(BYTES), name.removesuffix(BYTES).rstrip()
        is_other, self._name = name != self._name, name
        if is_new:
            self._begun = time.monotonic(), done
        if self._bars is None:
            # What is noted changes all the time: by itself it is worth no line.
            is_news = is_other if note else stands or self._is_time() or done == total
            if is_new or is_news:
                self._print(done, total, name, note, is_bytes=is_bytes)
            return
        if is_new or self._task is None:
            # None: nobody knows how much there is; the bar swings.
            self._task = self._bars.add_task(
                name, total=total or None, completed=done, is_bytes=is_bytes, note=note
            )
            # Time counts from here, not from the first of many that come at once.
            self._bars.advance(self._task, 0)
        self._bars.update(self._task, completed=done, description=name, note=note)

    def _is_time(self) -> bool:
        return time.monotonic() - self._printed >= LOG_INTERVAL_S

    def _print(
        self, done: int, total: int, name: str, note: str, *, is_bytes: bool
    ) -> None:
        self._printed = time.monotonic()
        known = (done, total) if total else (done,)
        far = "/".join(_megabytes(n) if is_bytes else str(n) for n in known) + (
            " MB" if is_bytes else ""
        )
        speed = "" if is_bytes else self._speed(done)
        told = f"{far} {name}; {note}" if note else f"{name}: {far}{speed}"
        tell(told)

    def _speed(self, done: int) -> str:
        since, before = self._begun
        seconds = self._printed - since
        if seconds <= SPEED_AFTER_S:
            return ""
        return f", {(done - before) / seconds:,.1f} a second"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f}"
