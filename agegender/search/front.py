"""Which trials are the best: of the lowest error, or of the front against the cost."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from optuna.trial import FrozenTrial

BEST_EPOCH = "best_epoch"
"""Trial attribute: which of its epochs was best, counted from 0; only where a cost is
weighed, since Optuna then takes no errors of epochs."""


class OnFront(NamedTuple):
    """A trial than which none is both better and cheaper."""

    number: int
    error: float  # validation mean absolute error, years
    cost: float  # in the unit of the cost that is weighed
    values: Mapping[str, Any]  # of the searched settings


def error_of(trial: FrozenTrial) -> float:
    """Return a trial's validation error in years, NaN where it has none.

    A pruned trial's is that of its last epoch, if anything was reported.
    """
    return float(trial.values[0]) if trial.values else math.nan


def cost_of(trial: FrozenTrial) -> float:
    """Return what a trial's network costs, NaN where none is weighed or it broke."""
    return float(trial.values[1]) if trial.values and trial.values[1:] else math.nan


def best_epoch_of(trial: FrozenTrial) -> int:
    """Return the epoch of a trial's lowest error, from 0; -1 if it ended none."""
    if BEST_EPOCH in trial.user_attrs:
        return int(trial.user_attrs[BEST_EPOCH])
    told = trial.intermediate_values
    return int(min(told, key=told.__getitem__, default=-1))


def best_of(complete: Sequence[FrozenTrial]) -> FrozenTrial:
    """Return the trial of the lowest error; of several, the cheapest, the first."""
    return min(complete, key=lambda trial: (*trial.values, trial.number))


def front_of(complete: Sequence[FrozenTrial]) -> tuple[OnFront, ...]:
    """Return the trials that no other beats in error and cost, cheapest first."""
    front: list[OnFront] = []
    least = math.inf
    for trial in sorted(complete, key=lambda trial: (*trial.values[::-1],)):
        error, cost = trial.values
        if error < least:
            front.append(OnFront(trial.number, error, cost, trial.params))
            least = error
    return tuple(front)
