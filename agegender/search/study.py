"""Run a study until it has as many trials as were asked for.

All state is in the database: whatever stops a study, the same call goes on with
it. Trials are handed out one at a time, here or to worker processes, so that
their number comes out exactly as asked.
"""

import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import optuna
from optuna.study import Study
from optuna.trial import TrialState

from agegender.config import Experiment
from agegender.errors import ConfigError
from agegender.progress import Progress, silent
from agegender.search.best import BestSoFar
from agegender.search.enough import Enough, enough_of
from agegender.search.front import error_of
from agegender.search.result import SearchError, StudyResult, result_of
from agegender.search.space import check_space, space_of
from agegender.search.storage import Heartbeat, open_storage, open_study
from agegender.search.teller import Teller
from agegender.search.trial import (
    CostOf,
    Objective,
    Silent,
    TrainTrial,
    TrialFailedError,
    TrialTracker,
)
from agegender.search.workers import InProcess, worker_processes

MOST_FAILURES = 5
"""Failed trials in a row after which something is wrong with more than a trial."""


@dataclass(frozen=True)
class _Job:
    """All that a process needs to run one trial of a study."""

    storage: str
    study_name: str
    experiment: Experiment
    data: str
    train_trial: TrainTrial
    tracker: TrialTracker
    hopeless: tuple[type[Exception], ...]
    heartbeat: Heartbeat
    cost: CostOf | None

    def study(self) -> Study:
        """Open the study."""
        storage = open_storage(self.storage, self.heartbeat)
        return open_study(storage, self.study_name, self.experiment, self.data)


@dataclass(frozen=True)
class _Done:
    """How one trial ended."""

    failed: bool
    text: str


def run_study(
    experiment: Experiment,
    train_trial: TrainTrial,
    *,
    storage: str,
    study_name: str,
    trials: int | None = None,
    time_limit: float | None = None,
    target: float | None = None,
    tracker: TrialTracker | None = None,
    hopeless: tuple[type[Exception], ...] = (),
    workers: int = 1,
    threads: int | None = None,
    data: str = "",
    heartbeat: Heartbeat | None = None,
    cost: CostOf | None = None,
    progress: Progress = silent,
) -> StudyResult:
    """Search the settings that `experiment.search` names; go on where one stopped.

    Args:
        experiment: The starting point of every trial, and what to vary.
        train_trial: Trains one experiment and tells its listener of each epoch.
        storage: Database of the study, `sqlite:///FILE` or PostgreSQL.
        study_name: Of the study; one that exists is gone on with.
        trials: Completed and pruned trials wanted in all, those of earlier calls
            included; as `experiment.search.trials` says by default.
        time_limit: Minutes after which no further trial begins; those under way end.
        target: Validation MAE, years, at which no further trial begins.
        tracker: Opens a record for each trial.
        hopeless: Exceptions of `train_trial` by which a trial counts as pruned.
        workers: Processes on this machine; above 1, `train_trial` and `tracker`
            must be picklable.
        threads: CPU threads of each worker; an even share by default.
        data: Hash of the faces; a study goes on over the same ones only.
        heartbeat: When a trial whose process died is begun anew.
        cost: Tells what an experiment's network costs, in the unit of `search.cost`;
            needed where that is not `none`, and otherwise not called.
        progress: Called as (done, trials, what) as trials begin and end, and as the
            time that is left changes; `what` tells how it stands.

    Returns:
        All trials of the study and the best of them.

    Raises:
        ConfigError: If the space, the storage or `workers` is wrong, or the study
            was begun with other settings.
        SearchError: If no trial was completed, or trial after trial breaks.
    """
    if workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: {workers}.")
    wanted = experiment.search.trials if trials is None else trials
    enough = enough_of(wanted, time_limit, target)
    check_space(experiment)
    job = _Job(
        storage,
        study_name,
        experiment,
        data,
        train_trial,
        tracker or Silent(),
        hopeless,
        heartbeat or Heartbeat(),
        _cost(experiment, cost),
    )
    with _only_warnings():
        study = job.study()
        best = BestSoFar(study, job.tracker)
        with Teller(study, enough, workers, progress) as teller:

            def ended(text: str) -> None:
                best.look()
                teller.ended(text)

            if workers == 1:
                one_trial = partial(_one_trial, study, job)
                _run(InProcess(), one_trial, 1, study, enough, ended)
            else:
                one_trial = partial(_trial_of_a_worker, job)
                with _workers(job, workers, threads) as executor:
                    _run(executor, one_trial, workers, study, enough, ended)
        best.look()
        return result_of(study, experiment)


def read_study(experiment: Experiment, *, storage: str, study_name: str) -> StudyResult:
    """Read a study without running trials.

    Args:
        experiment: That the study was begun with.
        storage: Database of the study.
        study_name: Of the study.

    Raises:
        ConfigError: If there is no such study.
        SearchError: If no trial was completed yet.
    """
    with _only_warnings():
        opened = open_storage(storage, Heartbeat())
        try:
            study = optuna.load_study(study_name=study_name, storage=opened)
        except KeyError as error:
            names = optuna.get_all_study_names(opened)
            raise ConfigError(
                f"there is no study {study_name}. Name one of: {', '.join(names)}."
            ) from error
        return result_of(study, experiment)


def _cost(experiment: Experiment, cost: CostOf | None) -> CostOf | None:
    wanted = experiment.search.cost
    if wanted == "none":
        return None
    if cost is None:
        raise ConfigError(f"nothing tells the cost. Received: search.cost={wanted}.")
    return cost


@contextmanager
def _workers(job: _Job, workers: int, threads: int | None) -> Iterator[Executor]:
    try:
        pickle.dumps(job)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"train_trial and tracker cannot be sent to workers: {error}. "
            "Define them at the top level of a module."
        ) from error
    with worker_processes(workers, threads) as executor:
        yield executor


def _run(
    executor: Executor,
    one_trial: Callable[[], _Done],
    workers: int,
    study: Study,
    enough: Enough,
    ended: Callable[[str], None],
) -> None:
    """Hand out trials until enough are finished."""
    pending: set[Future[_Done]] = set()
    failures, begun = 0, time.monotonic()
    while (missing := enough.missing(study, begun)) or pending:
        for _ in range(min(workers, missing) - len(pending)):
            pending.add(executor.submit(one_trial))
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            outcome = _outcome(future)
            failures = failures + 1 if outcome.failed else 0
            if failures >= MOST_FAILURES:
                raise SearchError(
                    f"the last {failures} trials broke, at last by: {outcome.text}. "
                    "Mend that, then run the same command to go on."
                )
            ended(outcome.text)


def _outcome(future: Future[_Done]) -> _Done:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise SearchError(
            "a worker process died, perhaps for want of memory. "
            "Run the same command to go on, with fewer workers."
        ) from error


def _trial_of_a_worker(job: _Job) -> _Done:
    """Run one trial in a process that has opened nothing yet."""
    with _only_warnings():
        return _one_trial(job.study(), job)


def _one_trial(study: Study, job: _Job) -> _Done:
    objective = Objective(
        job.experiment,
        space_of(job.experiment),
        job.train_trial,
        job.tracker,
        job.hopeless,
        job.cost,
    )
    ended: list[_Done] = []
    study.optimize(
        objective,
        n_trials=1,
        catch=(TrialFailedError,),
        callbacks=[lambda _, trial: ended.append(_described(trial))],
    )
    return ended[0]


def _described(trial: optuna.trial.FrozenTrial) -> _Done:
    reason = trial.user_attrs.get("reason", "")
    if trial.state == TrialState.COMPLETE:
        return _Done(
            failed=False, text=f"trial {trial.number}: {error_of(trial):.2f} years"
        )
    failed = trial.state == TrialState.FAIL
    return _Done(failed=failed, text=f"trial {trial.number}: {reason}")


@contextmanager
def _only_warnings() -> Iterator[None]:
    """Keep Optuna from telling of every trial: `progress` does."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
