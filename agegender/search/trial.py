"""One trial: draw settings, train with them, give up early where it is hopeless."""

import math
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from optuna.exceptions import TrialPruned
from optuna.trial import Trial

from agegender.config import Experiment, with_values
from agegender.errors import AgeGenderError
from agegender.search.front import BEST_EPOCH
from agegender.search.models import ModelShelf, SaveModel, is_among_best
from agegender.search.reasons import reason_of
from agegender.search.space import Space

OBJECTIVE = "val_age_mae"
"""What is minimised: the best epoch's validation mean absolute error, in years."""

REASON = "reason"
"""Trial attribute: why it was pruned or failed."""

TRACEBACK = "traceback"
"""Trial attribute: where an unexpected error came from."""

EPOCHS = "epochs"
"""Trial attribute: how many epochs it trained; noted where `BEST_EPOCH` is."""

State = Literal["complete", "pruned", "failed", "interrupted"]
EpochListener = Callable[[int, Mapping[str, float]], None]
TrainTrial = Callable[[Experiment, EpochListener], SaveModel | None]
"""Trains; calls the listener as (epoch from 0, measures) at the end of each epoch
and lets through what it raises. Returns what writes the trained network, if there is
one to keep."""

CostOf = Callable[[Experiment], float]
"""Tells what the network of an experiment costs, whatever it is to learn."""


class TrialRecord(Protocol):
    """What is kept of one trial elsewhere, such as a run of MLflow."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return what to store with the trial, such as the run's id."""

    def epoch(self, epoch: int, measures: Mapping[str, float]) -> None:
        """Take note of an epoch."""

    def cost(self, name: str, value: float) -> None:
        """Take note of what the network costs."""

    def keep(self, save: SaveModel) -> None:
        """Keep the trained network, which `save` writes."""

    def end(self, state: State, value: float | None, reason: str) -> None:
        """Take note of the end: the best value so far, and why it ended early."""


class TrialTracker(ModelShelf, Protocol):
    """Opens a record for each trial. Picklable where there are several workers."""

    def start(self, number: int, experiment: Experiment) -> TrialRecord:
        """Open the record of a trial that is about to train."""

    def best(self, attributes: Mapping[str, str]) -> None:
        """Take note that the trial whose record has these is the best so far."""

    def close_orphans(self, running: Callable[[], Collection[int]]) -> None:
        """Close the open records of trials that are over.

        Args:
            running: Returns the numbers of those that are not; to be asked after the
                records, since a record is opened by a trial that is running.
        """


class Silent:
    """Tracks nothing: a tracker and a record in one."""

    attributes: Mapping[str, str] = {}

    def start(self, number: int, experiment: Experiment) -> "Silent":
        """Open nothing."""
        del number, experiment
        return self

    def best(self, attributes: Mapping[str, str]) -> None:
        """Note nothing."""

    def close_orphans(self, running: Callable[[], Collection[int]]) -> None:
        """Close nothing."""

    def epoch(self, epoch: int, measures: Mapping[str, float]) -> None:
        """Note nothing."""

    def cost(self, name: str, value: float) -> None:
        """Note nothing."""

    def keep(self, save: SaveModel) -> None:
        """Keep nothing."""

    def models(self) -> list[Mapping[str, str]]:
        """Hold none."""
        return []

    def drop_model(self, attributes: Mapping[str, str]) -> None:
        """Drop nothing."""

    def end(self, state: State, value: float | None, reason: str) -> None:
        """Note nothing."""


class TrialFailedError(Exception):
    """This trial broke; the study goes on."""


@dataclass
class Objective:
    """What one trial is about: called once, with it.

    Args:
        experiment: The starting point of every trial.
        space: What is drawn.
        train_trial: Trains.
        tracker: Opens records.
        hopeless: Exceptions of a training that ran, but led nowhere.
        cost: Tells what is to be low beside the error; None where nothing is.

    Attributes:
        kept: Whether the trained network was kept.
    """

    experiment: Experiment
    space: Space
    train_trial: TrainTrial
    tracker: TrialTracker
    hopeless: tuple[type[Exception], ...]
    cost: CostOf | None
    kept: bool = field(default=False, init=False)

    def __call__(self, trial: Trial) -> tuple[float, ...]:
        """Train and return the best validation error, in years, and any cost.

        Raises:
            TrialPruned: If it was given up, or its loss was lost.
            TrialFailedError: If it broke for a reason that is not the user's.
            AgeGenderError: If settings or data are wrong: all trials would break.
        """
        drawn = self.space.suggest(trial)
        experiment = with_values(self.experiment, drawn)
        watch = _Watch(trial, experiment, self.tracker.start(trial.number, experiment))
        for name, value in watch.record.attributes.items():
            trial.set_user_attr(name, value)
        try:
            cost = self._weighed(watch)
            save = self.train_trial(experiment, watch)
            values = watch.outcome(cost)
            if save and is_among_best(trial.study, self.experiment.search, values):
                watch.record.keep(save)
                self.kept = True
        # Records are closed before anything is raised on, each with the truth.
        except TrialPruned as error:
            watch.end("pruned", str(error))
            raise
        except self.hopeless as error:
            watch.end("pruned", str(error))
            raise TrialPruned(str(error)) from error
        except (AgeGenderError, KeyboardInterrupt) as error:
            watch.end(_state_of(error), str(error))
            raise
        except Exception as error:  # Whatever broke, it broke this trial alone.
            trial.set_user_attr(TRACEBACK, traceback.format_exc())
            watch.end("failed", reason_of(error))
            raise TrialFailedError(str(error)) from error
        watch.end("complete", "")
        return values

    def _weighed(self, watch: "_Watch") -> float | None:
        if self.cost is None:
            return None
        cost = self.cost(watch.experiment)
        watch.record.cost(watch.experiment.search.cost, cost)
        return cost


def _state_of(error: BaseException) -> State:
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"


@dataclass
class _Watch:
    """Listens to a training on behalf of Optuna and of the record."""

    trial: Trial
    experiment: Experiment
    record: TrialRecord
    errors: list[float] = field(default_factory=list)

    def __call__(self, epoch: int, measures: Mapping[str, float]) -> None:
        self.record.epoch(epoch, measures)
        error = float(measures[OBJECTIVE])
        if not math.isfinite(error):
            raise TrialPruned(f"{OBJECTIVE} became {error} in epoch {epoch + 1}")
        self.errors.append(error)
        if self._is_weighed:
            return  # Optuna gives up no trial that is judged by two numbers.
        self.trial.report(error, epoch)
        # After the last epoch there is nothing left to save.
        is_last = epoch + 1 >= self.experiment.training.epochs
        if not is_last and self.trial.should_prune():
            raise TrialPruned(
                f"given up after epoch {epoch + 1}: {error:.2f} years is not promising"
            )

    @property
    def _is_weighed(self) -> bool:
        return self.experiment.search.cost != "none"

    def outcome(self, cost: float | None) -> tuple[float, ...]:
        """Return the lowest error, and the cost if there is one.

        Raises:
            RuntimeError: If no epoch was told.
        """
        if not self.errors:
            raise RuntimeError("the training ended without telling of any epoch")
        best = min(self.errors)
        return (best,) if cost is None else (best, cost)

    def end(self, state: State, reason: str) -> None:
        """Note the end in the study and in the record."""
        # A retried trial brings the reason of its forerunner along.
        if reason or REASON in self.trial.user_attrs:
            self.trial.set_user_attr(REASON, reason)
        if self.errors and self._is_weighed:
            self.trial.set_user_attr(EPOCHS, len(self.errors))
            best = min(range(len(self.errors)), key=self.errors.__getitem__)
            self.trial.set_user_attr(BEST_EPOCH, best)
        self.record.end(state, min(self.errors, default=None), reason)
