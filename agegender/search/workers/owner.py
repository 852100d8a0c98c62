"""Which process runs a trial, and whether it is still there.

On its own machine that can be seen at once; from elsewhere it can only be heard, by
the beats that a trial gives (`pulse.py`).
"""

import os
import socket
import sys
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import psutil

CLOCK_TOLERANCE_SECONDS = 5.0


@dataclass(frozen=True)
class Owner:
    """A process.

    Args:
        place: Where its number means something: one start of one machine.
        pid: Its number there.
        started: When it was started, seconds; numbers are given again.
        command: Which call of `run_study` it works for.
    """

    place: str
    pid: int
    started: float
    command: str

    @classmethod
    def myself(cls, command: str) -> Self:
        """Return this process."""
        return cls(_place(), os.getpid(), _started(psutil.Process()), command)

    @classmethod
    def read(cls, noted: Any) -> Self | None:
        """Return what `noted` wrote, or None for anything else."""
        names = {"place", "pid", "started", "command"}
        is_ours = isinstance(noted, Mapping) and set(noted) == names
        return cls(**noted) if is_ours else None

    def noted(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    def is_gone(self) -> bool | None:
        """Tell whether the process has ended; None if that cannot be seen from here."""
        if self.place != _place():
            return None
        try:
            process = psutil.Process(self.pid)
            differs = abs(_started(process) - self.started) > CLOCK_TOLERANCE_SECONDS
            # One that ended and whom nobody asked about keeps its number.
            return differs or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


@cache
def _place() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    if sys.platform != "linux" or not boot.exists():
        return f"{socket.gethostname()}/{uuid.getnode():x}"
    # Containers of one machine count their processes apart.
    numbers = Path("/proc/self/ns/pid").stat().st_ino
    return f"{socket.gethostname()}/{boot.read_text().strip()}/{numbers}"


def _started(process: psutil.Process) -> float:
    created = float(process.create_time())
    # Linux counts from its start: no step of the clock may move a process' start.
    return created - float(psutil.boot_time()) if sys.platform == "linux" else created
