"""Studies that outlive their processes, and studies of several processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from analytic_training import (
    FileTracker,
    die,
    die_at_the_first_rate,
    experiment,
    run_out_of_memory_when_wide,
    train,
    train_and_write_process,
)

from agegender.errors import ConfigError
from agegender.search import (
    Heartbeat,
    SearchError,
    StudyResult,
    run_study,
)
from agegender.search.storage import open_storage, open_study
from agegender.search.trial import TrainTrial
from agegender.search.workers.ledger import BEAT, OWNER, Ledger
from agegender.search.workers.owner import Owner
from agegender.search.workers.patrol import Patrol
from agegender.search.workers.processes import worker_processes

HERE = Path(__file__).parents[1]


def resumed(
    storage: str, trials: int = 6, train_trial: TrainTrial = train
) -> StudyResult:
    """Give the command again; its heartbeat is too slow to be waited for."""
    return run_study(
        experiment("random"),
        train_trial,
        storage=storage,
        study_name="s",
        trials=trials,
    )


@contextlib.contextmanager
def command(
    storage: str, what: str, workers: int = 1
) -> Iterator["subprocess.Popen[str]"]:
    """Run `analytic_training.py` in a process of its own; kill what is left of it."""
    with subprocess.Popen(
        [
            sys.executable,
            str(HERE / "analytic_training.py"),
            storage,
            what,
            str(workers),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def have_ended(pids: list[int]) -> bool:
    _, alive = psutil.wait_procs(
        [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=60
    )
    return not alive


def test_killed_command_is_gone_on_with_at_once(storage: str) -> None:
    with command(storage, "hang") as process:
        assert next_line(process).startswith("hanging")
        process.kill()
        process.wait()
    result = resumed(storage)
    assert result.count("complete") == 6
    assert result.count("failed") == 1
    assert result.count("running") == 0
    trials = result.trials.set_index("number")
    assert trials["state"][2] == "failed"
    assert trials["reason"][2] == "its process died; begun anew"
    # Its values are tried by the trial that took its place.
    names = list(result.settings)
    assert trials.loc[3, names].tolist() == trials.loc[2, names].tolist()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is not a signal there")
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_command_and_nothing_is_lost(
    storage: str, tmp_path: Path, blow: signal.Signals
) -> None:
    with command(storage, "hang", workers=2) as process:
        workers = [int(next_line(process).split()[1]) for _ in range(2)]
        assert all(map(psutil.pid_exists, workers))
        process.send_signal(blow)
        process.wait(timeout=60)
        assert have_ended(workers)
    result = resumed(storage)
    assert result.count("complete") == 6
    assert result.count("failed") == 2
    assert set(result.trials["reason"]) == {"interrupted; begun anew", ""}
    # The study's own record was told of the two as well.
    ends = (tmp_path / "hang.log").read_text().splitlines()
    assert sum("end interrupted" in line for line in ends) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_killed_worker_is_replaced_and_its_trial_tried_three_times(
    storage: str,
) -> None:
    result = run_study(
        experiment("random"),
        die_at_the_first_rate,
        storage=storage,
        study_name="s",
        trials=2,
        workers=2,
        threads=1,
    )
    assert result.count("complete") == 2
    failed = result.trials[result.trials["state"] == "failed"]
    assert failed["optimizer.learning_rate"].nunique() == 1
    killed = "its process was killed, perhaps for want of memory (fewer workers need"
    assert failed["reason"].tolist() == [
        f"{killed} less); begun anew",
        f"{killed} less); begun anew",
        f"{killed} less); as did 2 before it",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM])
def test_all_workers_killed_at_once_are_replaced_and_nothing_is_lost(
    storage: str, blow: signal.Signals
) -> None:
    with command(storage, "hang twice", workers=2) as process:
        workers = [int(next_line(process).split()[1]) for _ in range(2)]
        for worker in workers:
            os.kill(worker, blow)
        assert next_line(process) == "6 complete"
        assert process.wait(timeout=60) == 0
    result = resumed(storage)
    assert result.count("complete") == 6
    assert result.count("failed") == 2
    assert result.count("running") == 0
    # Whoever was asked to end has ended his trial himself: that is no death.
    reasons = set(result.trials["reason"]) - {""}
    assert (reasons == {"interrupted; begun anew"}) == (blow == signal.SIGTERM)
    # Both were tried again with what they had drawn.
    rates = result.trials["optimizer.learning_rate"]
    for rate in rates[result.trials["state"] == "failed"]:
        assert (rates == rate).sum() == 2


@pytest.mark.slow
def test_workers_that_die_again_and_again_are_one_clear_line(storage: str) -> None:
    # Five deaths end it, and the other worker may die of a trial of its own by then.
    with pytest.raises(SearchError, match=r"last [56] trials broke.* exit code 9"):
        run_study(
            experiment(), die, storage=storage, study_name="s", trials=1, workers=2
        )


def test_trial_that_runs_out_of_memory_fails_and_says_so(storage: str) -> None:
    result = resumed(storage, 6, run_out_of_memory_when_wide)
    assert result.count("complete") == 6
    failed = result.trials[result.trials["state"] == "failed"]
    assert len(failed) > 0
    assert (failed["model.widen_factor"] >= 6).all()
    assert set(failed["reason"]) == {
        "out of memory: ResourceExhaustedError: no room for a tensor of shape [64,64]"
    }


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


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="no cores are kept from us there"
)
def test_workers_share_the_cores_that_are_ours_and_no_others() -> None:
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(ours)})
    try:
        with worker_processes(1, None) as executor:
            names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "PJRT_NPROC")
            threads = [executor.submit(os.getenv, name).result() for name in names]
    finally:
        os.sched_setaffinity(0, ours)
    assert threads == ["1", "1", "1"]


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("journal", marks=pytest.mark.slow)]
)
def test_commands_that_join_a_study_run_as_many_trials_as_asked(
    tmp_path: Path, kind: str
) -> None:
    storage = f"{kind}:///{(tmp_path / 'study').as_posix()}"
    with command(storage, "run") as one, command(storage, "run") as other:
        assert (next_line(one), next_line(other)) == ("6 complete", "6 complete")
    result = resumed(storage)
    assert result.trials["number"].tolist() == list(range(6))
    assert result.trials["state"].tolist() == ["complete"] * 6


def test_trial_of_another_machine_is_begun_anew_when_it_falls_silent(
    storage: str,
) -> None:
    opened = open_storage(storage)
    study = open_study(opened, "s", experiment("random"), "")
    ledger = Ledger(study, opened)
    elsewhere = Owner("elsewhere", os.getpid(), 0.0, "another call")
    ledger.note(study.ask().number, OWNER, elsewhere.noted())
    patrol = Patrol(ledger, Heartbeat(interval=0.1, grace=0.2), "ours")

    for beat in range(4):
        time.sleep(0.1)
        ledger.note(0, BEAT, beat)
        assert patrol.look(ledger.trials()) == []
    told: list[str] = []
    while not told:
        time.sleep(0.1)
        told = patrol.look(ledger.trials())

    assert told == ["trial 0: its process died; begun anew"]
    assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]


def test_training_that_cannot_be_sent_to_workers_is_refused(storage: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent to workers"):
        run_study(
            experiment(),
            lambda *_: None,
            storage=storage,
            study_name="s",
            workers=2,
        )


def test_error_of_the_system_in_a_worker_is_told_and_no_death(storage: str) -> None:
    with worker_processes(1, 1) as executor:
        with pytest.raises(FileNotFoundError):
            executor.submit(Path(storage).read_bytes).result(60)
        assert executor.submit(int, "7").result(60) == 7
