"""One attempt at a trial: begun if one is wanted, run, and ended with the truth."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import TrialPruned, UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from agegender.config import Experiment
from agegender.patience import keep_trying
from agegender.search.front import error_of
from agegender.search.models import drop_others
from agegender.search.patient import is_away
from agegender.search.result import FINISHED
from agegender.search.space import Space
from agegender.search.storage import open_study, reopen_storage
from agegender.search.trial import (
    REASON,
    CostOf,
    Objective,
    TrainTrial,
    TrialFailedError,
    TrialTracker,
)
from agegender.search.turns import turn
from agegender.search.workers.ledger import OWNER, Ledger, deaths_of
from agegender.search.workers.owner import Owner
from agegender.search.workers.pulse import Heartbeat, beating

INTERRUPTED = "interrupted; begun anew"


@dataclass(frozen=True)
class Job:
    """All that a process needs to run trials of a study.

    Args:
        wanted: Completed and pruned trials, in all.
        command: Which call of `run_study` wants them.
    """

    storage: str
    study_name: str
    experiment: Experiment
    space: Space
    data: str
    train_trial: TrainTrial
    tracker: TrialTracker
    hopeless: tuple[type[Exception], ...]
    heartbeat: Heartbeat
    cost: CostOf | None
    wanted: int
    command: str

    def open(self) -> Ledger:
        """Open the study."""
        storage = reopen_storage(self.storage)
        study = open_study(storage, self.study_name, self.experiment, self.data)
        return Ledger(study, storage)


@dataclass(frozen=True)
class Ended:
    """How an attempt ended.

    Args:
        failed: Whether it broke.
        text: The trial and its error, or what went wrong.
    """

    failed: bool
    text: str


class Attempts:
    """Runs one trial a call; opens the study for the first.

    Travels to other processes as long as it was not called.

    Args:
        job: What to run.
        ledger: Of the study, where it is open already.
    """

    def __init__(self, job: Job, ledger: Ledger | None = None) -> None:
        self._job, self._ledger = job, ledger

    def __call__(self) -> Ended | None:
        """Run a trial, unless all that are wanted are finished or under way.

        Raises:
            AgeGenderError: If settings or data are wrong: all trials would break.
            KeyboardInterrupt: After the trial was closed, and queued up again.
        """
        with only_warnings():
            ledger = self._ledger = self._ledger or self._job.open()
            trial = keep_trying(
                lambda: _claim(ledger, self._job), is_away, "the study's storage"
            )
            if trial is None:
                return None
            objective = self._objective()
            with beating(ledger, trial.number, self._job.heartbeat):
                ended = _run(ledger, trial, objective)
            if objective.kept and ended.state == TrialState.COMPLETE:
                # One of those kept before may no longer be among the best.
                search, shelf = self._job.experiment.search, self._job.tracker
                drop_others(ledger.study, search, shelf)
            return described(ended)

    def _objective(self) -> Objective:
        job = self._job
        return Objective(
            job.experiment,
            job.space,
            job.train_trial,
            job.tracker,
            job.hopeless,
            job.cost,
        )


def described(trial: FrozenTrial) -> Ended:
    """Tell how a trial ended."""
    if trial.state == TrialState.COMPLETE:
        return Ended(False, f"trial {trial.number}: {error_of(trial):.2f} years")
    reason = trial.user_attrs.get(REASON, "")
    return Ended(trial.state == TrialState.FAIL, f"trial {trial.number}: {reason}")


@contextmanager
def only_warnings() -> Iterator[None]:
    """Keep Optuna from telling of every trial: `progress` does."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _claim(ledger: Ledger, job: Job) -> Trial | None:
    """Begin a trial if one more is wanted, while nobody else of the study can."""
    with ExitStack() as held:
        held.enter_context(turn(job.storage, job.study_name))
        taken = (*FINISHED, TrialState.RUNNING)
        if sum(one.state in taken for one in ledger.trials()) >= job.wanted:
            return None

        def begun(number: int) -> None:
            ledger.note(number, OWNER, Owner.myself(job.command).noted())
            held.close()  # Nobody need wait for its values to be drawn.

        return ledger.begin(begun)


def _run(ledger: Ledger, trial: Trial, objective: Objective) -> FrozenTrial:
    values: Any = None
    state = TrialState.FAIL
    try:
        values = objective(trial)
        state = TrialState.COMPLETE
    except TrialPruned:
        state = TrialState.PRUNED
    except TrialFailedError:
        pass
    except UpdateFinishedTrialError:
        return ledger.trial(trial.number)  # Others took it for dead, and ended it.
    except KeyboardInterrupt:
        _interrupt(ledger, trial.number)
        raise
    except Exception:
        _tell(ledger, trial, state, None)
        raise
    return _tell(ledger, trial, state, values)


def _tell(ledger: Ledger, trial: Trial, state: TrialState, values: Any) -> FrozenTrial:
    try:
        return ledger.study.tell(trial, values, state)
    except UpdateFinishedTrialError:
        # The same, or told before a connection was lost.
        return ledger.trial(trial.number)


def _interrupt(ledger: Ledger, number: int) -> None:
    """End a trial that nobody found fault with, and queue it up for the next call."""
    trial = ledger.trial(number)
    if ledger.give_up(number, INTERRUPTED):
        ledger.begin_anew(trial, deaths_of(trial))
