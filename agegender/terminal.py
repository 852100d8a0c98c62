"""Progress as a person at a terminal, or a log file, wants to see it."""

import sys
import time
from types import TracebackType
from typing import Any, Self

LOG_INTERVAL_S = 10.0
"""Seconds between two lines where the output is no terminal."""


class TerminalProgress:
    """Draw `(done, total, what)` calls as bars on standard error.

    A call whose `done` is not above the last one's, or whose `total` differs,
    begins a new bar. Where standard error is no terminal, a line is printed now
    and then instead, so that logs stay readable.
    """

    def __init__(self) -> None:
        self._bars: Any = None
        self._task: Any = None
        self._last = (0, -1)
        self._printed = 0.0
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - only when drawn
            from rich.progress import (  # noqa: PLC0415
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            self._bars = Progress(
                TextColumn("{task.description:<44}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )

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
        is_new = done <= self._last[0] or total != self._last[1]
        self._last = (done, total)
        if self._bars is None:
            self._print(done, total, what, is_new=is_new)
            return
        if is_new or self._task is None:
            self._task = self._bars.add_task(what, total=total)
        self._bars.update(self._task, completed=done, description=what)

    def _print(self, done: int, total: int, what: str, *, is_new: bool) -> None:
        now = time.monotonic()
        if is_new or done == total or now - self._printed >= LOG_INTERVAL_S:
            self._printed = now
            print(f"{what}: {done}/{total}", file=sys.stderr, flush=True)  # noqa: T201
