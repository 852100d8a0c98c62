"""Whose trained networks are kept: those of the best trials, and no others.

A trial that ends among the best of those complete has its network kept before it
counts as complete, so that the best never lack theirs. The networks of those it
displaces are removed afterwards. As trials become complete the best only become
better: one that was not among them once never will be.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from agegender.config import SearchConfig
from agegender.search.front import error_of, front_of

SaveModel = Callable[[Path], object]
"""Writes a trained network into a folder that is there."""

COMPLETE = (TrialState.COMPLETE,)


class ModelShelf(Protocol):
    """Where networks of trials are kept; part of a tracker."""

    def models(self) -> Collection[Mapping[str, str]]:
        """Return the attributes of the records that hold a network."""

    def drop_model(self, attributes: Mapping[str, str]) -> None:
        """Remove the network of the record with these attributes, if it is there."""


def is_among_best(study: Study, search: SearchConfig, values: Sequence[float]) -> bool:
    """Tell whether a trial that ends with these values is among the best so far.

    Args:
        study: Of the trial.
        search: Says how many are kept; where a cost is weighed, the front is.
        values: Its error, and its cost if one is weighed.
    """
    others = study.get_trials(deepcopy=False, states=COMPLETE)
    if search.cost == "none":
        return sum(error_of(other) < values[0] for other in others) < search.keep
    return not any(_beats(other, values) for other in others)


def drop_others(study: Study, search: SearchConfig, shelf: ModelShelf) -> None:
    """Remove the networks of all trials that have ended and are not among the best.

    Args:
        study: Of the trials.
        search: Says how many are kept; where a cost is weighed, the front is.
        shelf: Where they are kept.
    """
    # In this order: a trial that ends meanwhile is not among those looked at.
    held = shelf.models()
    trials = study.get_trials(deepcopy=False)
    best = best_numbers(trials, search)
    for attributes in held:
        for trial in trials:
            is_its = attributes.items() <= trial.user_attrs.items()
            if is_its and trial.state.is_finished() and trial.number not in best:
                shelf.drop_model(attributes)


def best_numbers(trials: Sequence[FrozenTrial], search: SearchConfig) -> set[int]:
    """Return the numbers of the trials whose networks are kept."""
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if search.cost != "none":
        return {one.number for one in front_of(complete)}
    ranked = sorted(complete, key=lambda trial: (error_of(trial), trial.number))
    return {trial.number for trial in ranked[: search.keep]}


def _beats(other: FrozenTrial, values: Sequence[float]) -> bool:
    as_good = all(a <= b for a, b in zip(other.values, values, strict=True))
    return as_good and list(other.values) != list(values)
