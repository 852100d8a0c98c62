"""One at a time, among all processes that share a study's storage.

Optuna hands out trials without asking how many are wanted: to count them and to
begin one has to be a single step, whoever else is about to do the same. The lock is
that of the storage's own kind, and whoever is killed lets go of it.
"""

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from optuna.storages.journal import JournalFileOpenLock
from sqlalchemy.engine import make_url

from agegender.advisory import PATIENCE_SECONDS, alone_in

JOURNAL: Final = "journal:///"
"""How the address of a journal file begins; what follows is its path."""

IN_MEMORY: Final = (None, "", ":memory:")
"""What SQLite takes for the name of a database that is no file."""

LOOKS_EVERY_SECONDS: Final = 0.002
"""Between two looks whether a lock is free; it is held for some milliseconds."""


def turn(url: str, study_name: str) -> AbstractContextManager[None]:
    """Wait for, and keep, everybody else of the same study out.

    Args:
        url: The study's storage. Of databases other than SQLite and PostgreSQL we
            know no lock: there, nobody is kept out.
        study_name: Of the study.
    """
    if url.startswith(JOURNAL):
        return _turn_by_journal(url.removeprefix(JOURNAL))
    parts = make_url(url)
    match parts.get_backend_name():
        case "sqlite" if parts.database not in IN_MEMORY:
            return _turn_by_file(Path(str(parts.database)))
        case "postgresql":
            return alone_in(url, zlib.crc32(study_name.encode()))
    return contextlib.nullcontext()


@contextlib.contextmanager
def _turn_by_file(database: Path) -> Iterator[None]:
    # SQLite's own lock: the system lets go of it when its holder is killed.
    lock = sqlite3.connect(f"{database}.lock", timeout=0.0, isolation_level=None)
    with contextlib.closing(lock):
        _begin(lock)
        yield


def _begin(lock: sqlite3.Connection) -> None:
    """Take a lock. Left to wait by itself, SQLite sleeps ever longer."""
    given_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > given_up:
                raise
            time.sleep(LOOKS_EVERY_SECONDS)
        else:
            return


@contextlib.contextmanager
def _turn_by_journal(path: str) -> Iterator[None]:
    # Works on network file systems; that of a killed holder is broken in time.
    lock = JournalFileOpenLock(f"{path}.turn")
    lock.acquire()
    try:
        yield
    finally:
        # Whoever waited for half a minute has broken it, and may hold it now.
        with contextlib.suppress(RuntimeError):
            lock.release()
