"""A study in SQLite may be read while somebody writes to it."""

import contextlib
import sqlite3
from pathlib import Path

from analytic_training import experiment, train
from optuna.storages import RDBStorage

from agegender.search import read_study, run_study
from agegender.search.write_ahead import write_ahead


def test_study_can_be_read_while_somebody_writes(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    storage = f"sqlite:///{file.as_posix()}"
    run_study(experiment(), train, storage=storage, study_name="s", trials=1)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with contextlib.closing(sqlite3.connect(file, timeout=0)) as reader:
            assert reader.execute("SELECT COUNT(*) FROM trials").fetchone() == (1,)
        writer.execute("ROLLBACK")
    read = read_study(experiment(), storage=storage, study_name="s")
    assert read.count("complete") == 1


def test_file_that_is_being_written_to_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "study.db"
    storage = RDBStorage(
        f"sqlite:///{file.as_posix()}", engine_kwargs={"connect_args": {"timeout": 0}}
    )
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert write_ahead(storage) is storage
        writer.execute("ROLLBACK")
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    write_ahead(storage)
    with contextlib.closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
