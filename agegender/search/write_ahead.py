"""Studies in SQLite: written ahead, so that trials neither wait long nor for readers.

A trial writes to its study a dozen times. With SQLite's usual journal each of these
waits for the disk three or four times, and locks out whoever only wants to read.
With a write-ahead log it waits once. What was written is on the disk either way,
whatever is killed. The log needs memory that processes share: one machine, as ever
with SQLite.
"""

import contextlib

from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError


def write_ahead(storage: RDBStorage) -> RDBStorage:
    """Have an SQLite file written ahead from now on, whoever opens it.

    Args:
        storage: Of any database; others than SQLite, and files that somebody is
            writing to at the moment, stay as they are.
    """
    if storage.engine.dialect.name == "sqlite":
        with contextlib.suppress(OperationalError), storage.engine.connect() as opened:
            opened.exec_driver_sql("PRAGMA journal_mode = WAL")
    return storage
