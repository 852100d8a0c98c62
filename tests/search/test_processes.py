"""Studies that outlive their processes, and studies of several processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from analytic_training import (
    QUICK_HEARTBEAT,
    FileTracker,
    die,
    experiment,
    train,
    train_and_write_process,
)

from agegender.errors import ConfigError
from agegender.search import SearchError, run_study

HERE = Path(__file__).parent


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'study.db').as_posix()}"


def test_trial_of_a_killed_process_is_run_again(storage: str) -> None:
    script = [sys.executable, str(HERE / "analytic_training.py"), storage]
    paths = os.pathsep.join(sys.path)
    with subprocess.Popen(
        script,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hanging\n"
        process.kill()
    time.sleep(QUICK_HEARTBEAT.grace + 1.5)
    result = run_study(
        experiment(),
        train,
        storage=storage,
        study_name="killed",
        trials=6,
        heartbeat=QUICK_HEARTBEAT,
    )
    assert result.count("complete") == 6
    assert result.count("failed") == 1
    assert result.count("running") == 0
    trials = result.trials.set_index("number")
    assert trials["state"][2] == "failed"
    # Its values are tried by the trial that took its place.
    names = list(result.settings)
    assert trials.loc[3, names].tolist() == trials.loc[2, names].tolist()


def test_workers_share_a_study_and_the_cores(storage: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    result = run_study(
        experiment(),
        train_and_write_process,
        storage=storage,
        study_name="s",
        trials=7,
        tracker=FileTracker(str(log)),
        workers=2,
        threads=1,
    )
    assert result.trials["state"].tolist() == ["complete"] * 7
    assert result.trials["optimizer.learning_rate"].nunique() == 7
    processes = list(tmp_path.glob("process-*"))
    assert len(processes) == 2
    assert {process.read_text() for process in processes} == {"1"}
    assert sum("end complete" in line for line in log.read_text().splitlines()) == 7


def test_worker_that_dies_is_one_clear_line(storage: str) -> None:
    with pytest.raises(SearchError, match="worker process died"):
        run_study(
            experiment(), die, storage=storage, study_name="s", trials=1, workers=2
        )


def test_training_that_cannot_be_sent_to_workers_is_refused(storage: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent to workers"):
        run_study(
            experiment(),
            lambda *_: None,
            storage=storage,
            study_name="s",
            workers=2,
        )
