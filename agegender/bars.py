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
from rich.table import Column
from rich.text import Text

NAME_WIDTH = 44
BAR_WIDTHS = (8, 24)
FIGURES_WIDTH = 32
"""Characters that amount, speed, time left and the gaps take at most, as a rule."""


def bars_on_stderr() -> Progress:
    """Return bars, for tasks with two fields of ours.

    `is_bytes` tells what they count. `note` tells how they stand, if anything, and
    takes a line below, in place of speed and time. Where the terminal is narrow, bars
    are shorter and names are broken, and figures stay whole.
    """
    console = Console(stderr=True)
    shortest, longest = BAR_WIDTHS
    room = console.width - NAME_WIDTH - FIGURES_WIDTH
    return _Bars(
        TextColumn(
            f"{{task.description:<{NAME_WIDTH}}}", markup=False, table_column=Column()
        ),
        BarColumn(bar_width=min(max(room, shortest), longest)),
        _Amount(),
        _Speed(),
        _TimeLeft(table_column=Column(no_wrap=True)),
        console=console,
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
        super().__init__(Column(no_wrap=True))
        self._counts, self._sizes = MofNCompleteColumn(), DownloadColumn()

    def render(self, task: Task) -> Text:
        """Draw one task's amount."""
        column: Any = self._sizes if task.fields["is_bytes"] else self._counts
        drawn: Text = column.render(task)
        return drawn


class _Speed(ProgressColumn):
    """How much is done in a second."""

    def __init__(self) -> None:
        super().__init__(Column(no_wrap=True))
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
