"""Among all processes that share a study's storage, one at a time."""

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from taking_turns import ROUNDS, count_up, hold

from agegender.search import turns
from agegender.search.turns import turn


def storages(folder: Path) -> dict[str, str]:
    return {
        "sqlite": f"sqlite:///{folder}/study.db",
        "journal": f"journal:///{folder}/study.log",
    }


@pytest.mark.parametrize("kind", ["sqlite", "journal"])
def test_no_two_processes_have_their_turn_at_once(kind: str, tmp_path: Path) -> None:
    url, counter = storages(tmp_path)[kind], tmp_path / "counter"
    counter.write_text("0")
    context = multiprocessing.get_context("spawn")
    counting = [context.Process(target=count_up, args=(url, counter)) for _ in "ab"]
    for process in counting:
        process.start()
    for process in counting:
        process.join()
    assert int(counter.read_text()) == 2 * ROUNDS


def test_turn_of_a_killed_process_is_over(tmp_path: Path) -> None:
    url, held = storages(tmp_path)["sqlite"], tmp_path / "held"
    context = multiprocessing.get_context("spawn")
    holder = context.Process(target=hold, args=(url, held))
    holder.start()
    while not held.exists():
        assert holder.is_alive()
        time.sleep(0.01)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with turn(url, "study"):
        pass


def test_turn_that_never_comes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = storages(tmp_path)["sqlite"]
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.05)
    with (
        turn(url, "study"),
        pytest.raises(sqlite3.OperationalError, match="locked"),
        turn(url, "study"),
    ):
        pass


def test_turn_that_others_broke_off_ends_without_a_word(tmp_path: Path) -> None:
    with turn(storages(tmp_path)["journal"], "study"):
        (tmp_path / "study.log.turn.lock").unlink()


def test_database_that_we_know_no_lock_of_keeps_nobody_out() -> None:
    url = "mysql+pymysql://host/studies"
    with turn(url, "study"), turn(url, "study"):
        pass
