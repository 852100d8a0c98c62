"""Run a study until it has as many trials as were asked for.

All state is in its storage: whatever stops a study, the same call goes on with it,
and calls in several places share the work.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress

import optuna
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from agegender.config import Experiment
from agegender.errors import AgeGenderError, ConfigError, first_line
from agegender.patience import PATIENCE_SECONDS, keep_trying
from agegender.progress import Progress, silent
from agegender.search.best import BestSoFar
from agegender.search.enough import Enough, enough_of
from agegender.search.models import drop_others
from agegender.search.patient import is_away
from agegender.search.result import SearchError, StudyResult, result_of
from agegender.search.space import Space, check_space
from agegender.search.storage import open_storage, open_study
from agegender.search.teller import Teller
from agegender.search.trial import CostOf, Silent, TrainTrial, TrialTracker
from agegender.search.turns import turn
from agegender.search.workers.attempt import Attempts, Job, only_warnings
from agegender.search.workers.handing_out import HandingOut
from agegender.search.workers.ledger import Ledger
from agegender.search.workers.patrol import Patrol
from agegender.search.workers.processes import InProcess, worker_processes
from agegender.search.workers.pulse import Heartbeat

RECORD = "run_id"
"""Study attribute: which of the tracker's records is that of the whole study."""


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
    space: Space | None = None,
    progress: Progress = silent,
) -> StudyResult:
    """Search the settings that `experiment.search` names; go on where one stopped.

    Args:
        experiment: The starting point of every trial, and what to vary.
        train_trial: Trains one experiment and tells its listener of each epoch.
        storage: Of the study: `sqlite:///FILE`, PostgreSQL, or `journal:///FILE`.
        study_name: Of the study; one that exists is gone on with.
        trials: Completed and pruned trials wanted in all, those of earlier calls
            included; as `experiment.search.trials` says by default.
        time_limit: Minutes after which no further trial begins; those under way end.
        target: Validation MAE, years, at which no further trial begins.
        tracker: Opens a record for each trial.
        hopeless: Exceptions of `train_trial` by which a trial counts as pruned.
        workers: Trials at a time on this machine; above 1, each in a process of its
            own, which `train_trial` and `tracker` are pickled for.
        threads: CPU threads of each worker; an even share by default.
        data: Hash of the faces; a study goes on over the same ones only.
        heartbeat: When a trial whose process died is begun anew.
        cost: Tells what an experiment's network costs, in the unit of `search.cost`;
            needed where that is not `none`, and otherwise not called.
        space: What trials draw, as `check_space` returned it; checked here where it
            was not.
        progress: Called as (done, trials, what) as trials begin and end, and as the
            time that is left changes; `what` tells how it stands.

    Returns:
        All trials of the study and the best of them.

    Raises:
        ConfigError: If the space, the storage or `workers` is wrong, or the study
            was begun with other settings.
        SearchError: If no trial was completed, trial after trial breaks, or the
            storage does not answer.
    """
    if workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: {workers}.")
    wanted = experiment.search.trials if trials is None else trials
    enough = enough_of(wanted, time_limit, target)
    space = space or check_space(experiment)
    job = Job(
        storage,
        study_name,
        experiment,
        space,
        data,
        train_trial,
        tracker or Silent(),
        hopeless,
        heartbeat or Heartbeat(),
        _cost(experiment, cost),
        enough.trials,
        uuid.uuid4().hex,
    )
    with only_warnings(), _told_if_away():
        opened = open_storage(storage)
        study = open_study(opened, study_name, experiment, data)
        _run(job, Ledger(study, opened), enough, workers, threads, progress)
        return result_of(study, experiment)


def read_study(experiment: Experiment, *, storage: str, study_name: str) -> StudyResult:
    """Read a study without running trials.

    Args:
        experiment: That the study was begun with.
        storage: Of the study, as for `run_study`.
        study_name: Of the study.

    Raises:
        ConfigError: If there is no such study.
        SearchError: If no trial was completed yet, or the storage does not answer.
    """
    with only_warnings(), _told_if_away():
        opened = open_storage(storage)
        try:
            study = optuna.load_study(study_name=study_name, storage=opened)
        except KeyError as error:
            names = optuna.get_all_study_names(opened)
            known = f"Name one of: {', '.join(names)}" if names else "It holds none"
            raise ConfigError(
                f"there is no study {study_name} in that storage. {known}."
            ) from error
        return result_of(study, experiment)


def study_record(
    experiment: Experiment,
    begin: Callable[[], str],
    is_there: Callable[[str], bool],
    *,
    storage: str,
    study_name: str,
    data: str = "",
    space: Space | None = None,
) -> str:
    """Return the id of a study's own record, which whoever comes first begins.

    The study knows it, and no other study does: not one of the same name in another
    storage, nor one that is begun once this one was deleted.

    Args:
        experiment: As for `run_study`.
        begin: Begins a record and returns its id.
        is_there: Tells whether the record with an id is; else another is begun.
        storage: As for `run_study`, like those below.
        study_name: Of the study.
        data: Hash of the faces.
        space: As for `run_study`.

    Raises:
        ConfigError: If the space or the storage is wrong, or the study was begun with
            other settings.
        SearchError: If the storage does not answer.
    """
    if space is None:
        check_space(experiment)
    with only_warnings(), _told_if_away():
        study = open_study(open_storage(storage), study_name, experiment, data)
        known = study.user_attrs.get(RECORD)
        if known is not None and is_there(known):
            return str(known)

        def begun() -> str:
            with turn(storage, study_name):
                if study.user_attrs.get(RECORD) == known:
                    study.set_user_attr(RECORD, begin())
                return str(study.user_attrs[RECORD])

        return keep_trying(begun, is_away, "the study's storage")


def _cost(experiment: Experiment, cost: CostOf | None) -> CostOf | None:
    wanted = experiment.search.cost
    if wanted == "none":
        return None
    if cost is None:
        raise ConfigError(f"nothing tells the cost. Received: search.cost={wanted}.")
    return cost


def _run(
    job: Job,
    ledger: Ledger,
    enough: Enough,
    workers: int,
    threads: int | None,
    progress: Progress,
) -> None:
    patrol = Patrol(ledger, job.heartbeat, job.command)
    best = BestSoFar(job.tracker)
    with (
        _cleared_up(job, ledger, patrol),
        Teller(ledger.study, enough, workers, progress) as teller,
    ):

        def ended(text: str, trials: list[FrozenTrial]) -> None:
            best.look(trials)
            teller.ended(text, trials)

        def hand_out(executor: Executor, attempts: Attempts) -> None:
            HandingOut(executor, attempts, workers, ledger, enough, patrol, ended).run()

        if workers == 1:
            hand_out(InProcess(), Attempts(job, ledger))
        else:
            with worker_processes(workers, threads) as executor:
                hand_out(executor, Attempts(job))
        best.look(ledger.trials())
        drop_others(ledger.study, job.experiment.search, job.tracker)


@contextmanager
def _cleared_up(job: Job, ledger: Ledger, patrol: Patrol) -> Iterator[None]:
    """End what dead processes left open, of earlier calls and then of this one."""
    patrol.look(ledger.trials())
    job.tracker.close_orphans(ledger.running_numbers)
    try:
        yield
    except BaseException:
        # What stopped us is what a person should hear of.
        with suppress(AgeGenderError, SQLAlchemyError):
            _clear_up(job, ledger, patrol)
        raise
    _clear_up(job, ledger, patrol)


def _clear_up(job: Job, ledger: Ledger, patrol: Patrol) -> None:
    patrol.bury()
    job.tracker.close_orphans(ledger.running_numbers)


@contextmanager
def _told_if_away() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.OperationalError) as error:
        reason = first_line(error).rstrip(".")
        away = f"did not answer for {PATIENCE_SECONDS / 60:.0f} minutes: {reason}"
        refused = f"does not do what it has to: {reason}"
        raise SearchError(
            f"the study's storage {away if is_away(error) else refused}. "
            "Once it does, the same command goes on."
        ) from error
