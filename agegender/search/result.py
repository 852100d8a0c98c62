"""What a study found."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
import pandas as pd
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from agegender.config import Experiment, SearchConfig, with_values
from agegender.errors import AgeGenderError
from agegender.search.front import (
    OnFront,
    best_epoch_of,
    best_of,
    cost_of,
    error_of,
    front_of,
)
from agegender.search.trial import REASON, TRACEBACK

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
FEWEST_FOR_IMPORTANCE = 4
"""Complete trials below which importances would be noise."""


class SearchError(AgeGenderError):
    """The study led to nothing."""

    exit_code = 4


@dataclass(frozen=True, eq=False)
class StudyResult:
    """All trials of a study and the best of them.

    Args:
        study_name: Of the study.
        trials: One row a trial: `number`, `state` (complete, pruned, failed,
            running, waiting), `value` (validation MAE in years: the best epoch's,
            or the last one's of a pruned trial), the cost under its name where one is
            weighed, `epochs`, `best_epoch` (counted from
            0; -1 where none ended), `seconds`, `reason`, the searched settings under
            their dotted names, and the tracker's attributes.
        settings: Names of the searched settings.
        importances: Setting -> share of the error's variation that it explains,
            summing to 1; empty where there are too few trials to say.
        best_number: Of the best trial, the one of the lowest error; of several, the
            cheapest.
        best_values: Its values of the searched settings.
        best_value: Its validation mean absolute error, in years.
        best: Its experiment, ready to be trained.
        cost: What is weighed against the error, as `search.cost` names it.
        front: The complete trials that no other beats in both, cheapest first;
            empty where no cost is weighed.
        best_epoch: The best trial's epoch of the lowest error, counted from 0.
        best_attributes: What the tracker, among others, stored with the best trial.
    """

    study_name: str
    trials: pd.DataFrame
    settings: tuple[str, ...]
    importances: Mapping[str, float]
    best_number: int
    best_values: Mapping[str, Any]
    best_value: float
    best: Experiment
    cost: str = "none"
    front: tuple[OnFront, ...] = ()
    best_epoch: int = 0
    best_attributes: Mapping[str, Any] = field(default_factory=dict)

    def count(self, state: str) -> int:
        """Return the number of trials in a state."""
        return int((self.trials["state"] == state).sum())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        front = [
            {
                "trial": one.number,
                "val_age_mae": one.error,
                self.cost: one.cost,
                "values": dict(one.values),
            }
            for one in self.front
        ]
        return {
            "study": self.study_name,
            "trials": {state: self.count(state) for state in self.states()},
            "best_trial": self.best_number,
            "best_val_age_mae": self.best_value,
            "best_values": dict(self.best_values),
            "importances": dict(self.importances),
            **({"front": front} if front else {}),
        }

    def states(self) -> list[str]:
        """Return the states that occur, in alphabetical order."""
        return sorted(self.trials["state"].unique())


def result_of(study: Study, experiment: Experiment) -> StudyResult:
    """Read a study.

    Raises:
        SearchError: If no trial was completed.
    """
    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete:
        raise SearchError(
            f"no trial of study {study.study_name} was completed. "
            f"{_reasons(trials)} Search gentler settings, such as lower rates."
        )
    best = best_of(complete)
    cost = experiment.search.cost
    return StudyResult(
        study.study_name,
        pd.DataFrame([_row(trial, experiment.search) for trial in trials]),
        tuple(experiment.search.space),
        _importances(study, complete),
        best.number,
        best.params,
        error_of(best),
        with_values(experiment, best.params),
        cost,
        () if cost == "none" else front_of(complete),
        best_epoch_of(best),
        best.user_attrs,
    )


def _row(trial: FrozenTrial, search: SearchConfig) -> dict[str, Any]:
    took, cost = trial.duration, search.cost
    return {
        "number": trial.number,
        "state": STATES[trial.state],
        "value": error_of(trial),
        **({} if cost == "none" else {cost: cost_of(trial)}),
        "epochs": len(trial.intermediate_values),
        "best_epoch": best_epoch_of(trial),
        "seconds": math.nan if took is None else took.total_seconds(),
        REASON: "",
        **dict.fromkeys(search.space, math.nan),  # also those that no trial drew
        **trial.params,
        **{name: x for name, x in trial.user_attrs.items() if name != TRACEBACK},
    }


def _importances(study: Study, complete: list[FrozenTrial]) -> dict[str, float]:
    if len(complete) < FEWEST_FOR_IMPORTANCE:
        return {}
    if len({error_of(trial) for trial in complete}) == 1:
        return {}
    with warnings.catch_warnings():
        # Optuna warns that a low error counts as a good one, so it does, and that
        # what few trials drew is judged by few.
        warnings.filterwarnings("ignore", "PedAnova|Some regimes", UserWarning)
        shares = optuna.importance.get_param_importances(study, target=error_of)
    return {} if any(map(math.isnan, shares.values())) else shares


def _reasons(trials: list[FrozenTrial]) -> str:
    reasons = [
        trial.user_attrs[REASON] for trial in trials if REASON in trial.user_attrs
    ]
    return f"The last one: {reasons[-1]}." if reasons else ""
