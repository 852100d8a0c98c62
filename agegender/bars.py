"""Bars on a terminal: files in MB and MB/s, all else counted."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


def bars_on_stderr() -> Progress:
    """Return bars, for tasks with two fields of ours.

    `is_bytes` tells what they count. `note` tells how they stand, if anything, and
    takes a line below, in place of speed and time.
    """
    return _Bars(
        TextColumn("{task.description:<44}", markup=False),
        BarColumn(bar_width=24),
        _Amount(),
        _Speed(),
        _TimeLeft(),
        console=Console(stderr=True),
        # What a step writes to standard output is not to end up among the bars.
        redirect_stdout=False,
    )


class _Bars(Progress):
    """Bars, and below them how each task stands."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Draw the bars, then what is noted of them."""
        yield from super().get_renderables()
        for task in self.tasks:
            if task.fields["note"]:
                yield Padding(Text(task.fields["note"]), (0, 0, 0, 2), expand=False)


class _Amount(ProgressColumn):
    """How much is done, and of how much."""

    def __init__(self) -> None:
        super().__init__()
        self._counts, self._sizes = MofNCompleteColumn(), DownloadColumn()

    def render(self, task: Task) -> Text:
        """Draw one task's amount."""
        column: Any = self._sizes if task.fields["is_bytes"] else self._counts
        drawn: Text = column.render(task)
        return drawn


class _Speed(ProgressColumn):
    """How much is done in a second."""

    def __init__(self) -> None:
        super().__init__()
        self._transfer = TransferSpeedColumn()

    def render(self, task: Task) -> Text:
        """Draw one task's speed."""
        if task.fields["is_bytes"]:
            return self._transfer.render(task)
        if task.fields["note"]:
            return Text("")
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text("")
        digits = 0 if speed >= 10 else 2
        return Text(f"{speed:,.{digits}f}/s", style="progress.data.speed")


class _TimeLeft(TimeRemainingColumn):
    """When it will be done, unless the note tells."""

    def render(self, task: Task) -> Text:
        """Draw one task's time left."""
        return Text("") if task.fields["note"] else super().render(task)
