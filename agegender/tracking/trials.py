"""A study's runs: one parent, one nested run a trial.

Trials run in several processes at once, and one that is killed leaves its run
open. So runs are addressed by id, never as MLflow's "active run", and
`close_orphans` ends those whose trial is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME
from mlflow.utils.time import get_current_time_millis

from agegender.config import Experiment
from agegender.tracking.run import flatten
from agegender.tracking.store import one_line_errors

STUDY_TAG = "study"
RUN_ATTRIBUTE = "run_id"
STATUS = {
    "complete": "FINISHED",
    "pruned": "FINISHED",  # given up on purpose: it did not fail
    "failed": "FAILED",
    "interrupted": "KILLED",
}


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
        }
        with one_line_errors(f"open the run of trial {number}"):
            client = MlflowClient()
            run = client.create_run(self.experiment_id, tags=tags)
            params = [Param(name, values[name]) for name in self.settings]
            client.log_batch(run.info.run_id, params=params)
        return TrialRun(run.info.run_id)


@dataclass(frozen=True)
class TrialRun:
    """The run of one trial.

    Args:
        id: MLflow's id of the run.
    """

    id: str

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return what the study remembers of the run: its id."""
        return {RUN_ATTRIBUTE: self.id}

    def epoch(self, epoch: int, measures: Mapping[str, float]) -> None:
        """Record an epoch's measures in one call."""
        now = get_current_time_millis()
        metrics = [Metric(name, float(x), now, epoch) for name, x in measures.items()]
        with one_line_errors("record an epoch"):
            MlflowClient().log_batch(self.id, metrics=metrics)

    def cost(self, name: str, value: float) -> None:
        """Record what the trial's network costs."""
        with one_line_errors("record a trial's cost"):
            MlflowClient().log_metric(self.id, name, value)

    def end(self, state: str, value: float | None, reason: str) -> None:
        """Close the run in the state that the trial ended in."""
        now = get_current_time_millis()
        tags = [RunTag("state", state)]
        if reason:
            tags.append(RunTag("reason", reason))
        best = [] if value is None else [Metric("best_val_age_mae", value, now, 0)]
        with one_line_errors("close a trial's run"):
            client = MlflowClient()
            client.log_batch(self.id, metrics=best, tags=tags)
            client.set_terminated(self.id, STATUS[state])


def study_run(experiment_id: str, study: str) -> str | None:
    """Return the id of the run that a study began with, or None for a new study.

    Args:
        experiment_id: MLflow's id of the experiment.
        study: Name of the study.
    """
    with one_line_errors("look for the study's run"):
        found = MlflowClient().search_runs(
            [experiment_id],
            filter_string=f"tags.{STUDY_TAG} = '{study}'",
            order_by=["attributes.start_time ASC"],
            max_results=1,
        )
    return found[0].info.run_id if found else None


def close_orphans(experiment_id: str, parent: str, alive: set[str]) -> int:
    """End nested runs whose process died before it could.

    Args:
        experiment_id: MLflow's id of the experiment.
        parent: Id of the study's run.
        alive: Ids of the runs whose trials are still running.

    Returns:
        How many were ended, as KILLED.
    """
    with one_line_errors("close the runs of killed trials"):
        client = MlflowClient()
        open_runs = client.search_runs(
            [experiment_id],
            filter_string=(
                f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}' "
                "and attributes.status = 'RUNNING'"
            ),
        )
        orphans = [run.info.run_id for run in open_runs if run.info.run_id not in alive]
        for run_id in orphans:
            client.set_tag(run_id, "state", "killed")
            client.set_terminated(run_id, "KILLED")
    return len(orphans)
