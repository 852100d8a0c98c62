"""Bars on a terminal: files in MB and MB/s, all else counted."""

from typing import Any

from rich.console import Console
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
    """Return bars whose tasks tell by the field `is_bytes` what they count."""
    return Progress(
        TextColumn("{task.description:<44}", markup=False),
        BarColumn(bar_width=24),
        _Amount(),
        _Speed(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


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
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text("")
        digits = 0 if speed >= 10 else 2
        return Text(f"{speed:,.{digits}f}/s", style="progress.data.speed")
