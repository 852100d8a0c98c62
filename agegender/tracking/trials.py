"""A study's runs: one parent, one nested run a trial.

Trials run in several processes at once, and one that is killed leaves its run
open. So runs are addressed by id, never as MLflow's "active run", and
those whose trial is over are closed afterwards.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME
from mlflow.utils.time import get_current_time_millis

from agegender.config import Experiment, short_name
from agegender.tracking.killed import end_as_killed, is_there
from agegender.tracking.nested import nested_runs
from agegender.tracking.patient import PatientClient
from agegender.tracking.run import flatten
from agegender.tracking.store import one_line_errors
from agegender.tracking.trial_models import HOLDS_MODEL, drop_model, keep_model

STUDY_TAG = "study"
TRIAL_TAG = "trial"
"""Its number: there from the start, to tell whose run this is."""

BEST_TAG = "best"
BEST_NAME = " (best)"
"""How the best trial's run's name ends."""

RUN_ATTRIBUTE = "run_id"
STATUS = {
    "complete": "FINISHED",
    "pruned": "FINISHED",  # given up on purpose: it did not fail
    "failed": "FAILED",
    "interrupted": "KILLED",
}
CURVES = (
    "val_age_mae",
    "age_mae",
    "val_gender_accuracy",
    "gender_accuracy",
    "val_loss",
    "loss",
)
"""What is recorded of an epoch; each is a row of MLflow's comparison, which draws
the first."""

SENDS_EVERY_S = 1.0
"""Seconds between two calls that tell of epochs; each call costs tens of ms."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrialRuns:
    """Opens a nested run for each trial; travels to worker processes.

    Args:
        tracking_uri: Where runs are kept.
        experiment_id: MLflow's id of the experiment.
        parent: Id of the study's run.
        settings: Dotted names of the searched settings: the trial's parameters.
    """

    tracking_uri: str
    experiment_id: str
    parent: str
    settings: tuple[str, ...]

    def start(self, number: int, experiment: Experiment) -> "TrialRun":
        """Open the run of a trial that is about to train."""
        mlflow.set_tracking_uri(self.tracking_uri)
        values = flatten(experiment.to_dict())
        tags = {
            MLFLOW_PARENT_RUN_ID: self.parent,
            MLFLOW_RUN_NAME: f"trial {number}",
            "state": "running",
            TRIAL_TAG: str(number),
        }
        with one_line_errors(f"open the run of trial {number}"):
            client = PatientClient()
            run = client.create_run(self.experiment_id, tags=tags)
            params = [
                Param(short_name(name), values[name])
                for name in self.settings
                if name in values
            ]
            client.log_batch(run.info.run_id, params=params)
        return TrialRun(run.info.run_id, client)

    def best(self, attributes: Mapping[str, str]) -> None:
        """Mark the best trial's run, and no other."""
        mlflow.set_tracking_uri(self.tracking_uri)
        if RUN_ATTRIBUTE in attributes:
            mark_best(self.experiment_id, self.parent, attributes[RUN_ATTRIBUTE])

    def close_orphans(self, running: Callable[[], Collection[int]]) -> None:
        """End the runs of trials whose process died before it could, as KILLED."""
        mlflow.set_tracking_uri(self.tracking_uri)
        is_open = "attributes.status = 'RUNNING'"
        with one_line_errors("close the runs of killed trials"):
            opened = nested_runs(self.experiment_id, self.parent, is_open)
            alive = {str(number) for number in running()} if opened else set()
            for run in opened:
                if run.data.tags.get(TRIAL_TAG) not in alive:
                    # Not one whose trial ended since: it was closed before that.
                    end_as_killed(run.info.run_id)

    def models(self) -> list[Mapping[str, str]]:
        """Return the attributes of the trials whose networks are kept."""
        mlflow.set_tracking_uri(self.tracking_uri)
        held = nested_runs(self.experiment_id, self.parent, HOLDS_MODEL)
        return [{RUN_ATTRIBUTE: run.info.run_id} for run in held]

    def drop_model(self, attributes: Mapping[str, str]) -> None:
        """Remove a trial's network; where that cannot be done, say so and go on."""
        drop_model(attributes[RUN_ATTRIBUTE])


class TrialRun:
    """The run of one trial.

    Args:
        id: MLflow's id of the run.
        client: What it was opened with.
    """

    def __init__(self, id: str, client: PatientClient) -> None:  # noqa: A002 - its name
        self.id = id
        self._client = client
        self._unsent: list[Metric] = []
        self._sent = time.monotonic()

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return what the study remembers of the run: its id."""
        return {RUN_ATTRIBUTE: self.id}

    def epoch(self, epoch: int, measures: Mapping[str, float]) -> None:
        """Record an epoch's curves, those of quick epochs several at a time."""
        now = get_current_time_millis()
        self._unsent += [
            Metric(name, float(measures[name]), now, epoch)
            for name in CURVES
            if name in measures
        ]
        if time.monotonic() - self._sent >= SENDS_EVERY_S:
            with one_line_errors("record an epoch"):
                self._client.log_batch(self.id, metrics=self._unsent)
            self._unsent, self._sent = [], time.monotonic()

    def cost(self, name: str, value: float) -> None:
        """Record what the trial's network costs, with what comes next."""
        self._unsent.append(Metric(name, value, get_current_time_millis(), 0))

    def keep(self, save: Callable[[Path], object]) -> None:
        """Keep the trial's network among the run's artifacts."""
        keep_model(self.id, save)

    def end(self, state: str, value: float | None, reason: str) -> None:
        """Close the run in the state that the trial ended in."""
        now = get_current_time_millis()
        tags = [RunTag("state", state)]
        if reason:
            tags.append(RunTag("reason", reason))
        best = [] if value is None else [Metric("best_val_age_mae", value, now, 0)]
        with one_line_errors("close a trial's run"):
            self._client.log_batch(self.id, metrics=[*self._unsent, *best], tags=tags)
            self._client.set_terminated(self.id, STATUS[state])


def mark_best(experiment_id: str, parent: str, best: str) -> None:
    """Mark one trial's run as the best, and take the mark from any other.

    The mark is a tag to filter by, and in the run's name, which MLflow shows in
    every list and legend. A run that somebody deleted is not marked: a warning says so.

    Args:
        experiment_id: MLflow's id of the experiment.
        parent: Id of the study's run.
        best: Id of the best trial's run.
    """
    with one_line_errors("mark the best trial's run"):
        client = PatientClient()
        marked = nested_runs(experiment_id, parent, f"tags.{BEST_TAG} = 'true'")
        for run in marked:
            if run.info.run_id != best:
                client.delete_tag(run.info.run_id, BEST_TAG)
                name = run.info.run_name.removesuffix(BEST_NAME)
                client.update_run(run.info.run_id, name=name)
        if best in {run.info.run_id for run in marked}:
            return
        if not is_there(best):
            log.warning("the best trial's run is gone, and is not marked: %s", best)
            return
        name = client.get_run(best).info.run_name
        client.set_tag(best, BEST_TAG, "true")
        client.update_run(best, name=name.removesuffix(BEST_NAME) + BEST_NAME)
