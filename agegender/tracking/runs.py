"""Runs are opened, gone on with and ended here.

A run's end is told truthfully: FINISHED, FAILED, or KILLED by the person at the
keyboard; a pruned trial did not fail.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping

import mlflow
from mlflow import MlflowClient

from agegender.tracking.killed import is_there
from agegender.tracking.patient import patiently
from agegender.tracking.run import Run
from agegender.tracking.store import (
    one_line_errors,
    use_experiment,
    use_tracking_store,
)


@contextlib.contextmanager
def tracked_run(
    name: str,
    tags: Mapping[str, str] | None = None,
    parent: str | None = None,
    resume: str | None = None,
) -> Iterator[Run]:
    """Open a run and close it with the state that it ended in.

    Inside `mlflow run` the first run opened is the one that MLflow began.

    Args:
        name: Shown in the list of runs.
        tags: Set from the start.
        parent: Id of the run under which to show this one.
        resume: Id of a run to go on with, if it is still there.

    Yields:
        The run.

    Raises:
        ModelError: If the tracking store refuses.
    """
    run = _start(name, dict(tags or {}), parent, resume)
    with _ended_truthfully(run):
        yield run


@contextlib.contextmanager
def continued_run(run_id: str) -> Iterator[Run]:
    """Go on with a run, whatever became of it; close it anew as it ends.

    Args:
        run_id: MLflow's id of the run.

    Yields:
        The run.

    Raises:
        ModelError: If there is no such run.
    """
    with one_line_errors(f"go on with run {run_id}"):
        info = mlflow.start_run(run_id=run_id, nested=True).info
    run = Run(info.run_id, info.experiment_id, info.run_name)
    with _ended_truthfully(run):
        yield run


@contextlib.contextmanager
def reopened_run(run_id: str) -> Iterator[Run]:
    """Record more in a run that has ended; its state and duration stay.

    Args:
        run_id: MLflow's id of the run.

    Yields:
        The run.

    Raises:
        ModelError: If there is no such run.
    """
    with one_line_errors(f"reopen run {run_id}"):
        info = MlflowClient().get_run(run_id).info
    yield Run(info.run_id, info.experiment_id, info.run_name)


@contextlib.contextmanager
def run_at_hand() -> Iterator[Run | None]:
    """Give the run that is under way, if one is; it goes on afterwards.

    That is the run which is active in this process, else the one that `mlflow run`
    began. Nothing is set up, and no run made, where there is none.

    Yields:
        The run, or None.

    Raises:
        ModelError: If the tracking store refuses.
    """
    active = mlflow.active_run()
    run_id = active.info.run_id if active else os.environ.get("MLFLOW_RUN_ID")
    if not run_id:
        yield None
        return
    if active is None:
        use_tracking_store()
    with reopened_run(run_id) as run:
        yield run


@contextlib.contextmanager
def _ended_truthfully(run: Run) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        is_killed = isinstance(error, KeyboardInterrupt)
        with one_line_errors("end the run"):
            _end(run, "KILLED" if is_killed else "FAILED")
        raise
    # What took hours and went well is worth waiting for.
    with one_line_errors("end the run"):
        patiently(lambda: _end(run, "FINISHED"))


def _end(run: Run, status: str) -> None:
    active = mlflow.active_run()
    if active is not None and active.info.run_id == run.id:
        mlflow.end_run(status)
    else:  # MLflow lets go of a run before it tells the store, which may be away.
        MlflowClient().set_terminated(run.id, status)


def _start(
    name: str, tags: dict[str, str], parent: str | None, resume: str | None
) -> Run:
    if parent:
        # A trial is never the run that `mlflow run` began, though it inherits the id.
        os.environ.pop("MLFLOW_RUN_ID", None)
    begun = os.environ.get("MLFLOW_RUN_ID")
    if begun is None and resume is not None and is_there(resume):
        begun = resume
    experiment_id = use_experiment()
    with one_line_errors(f"open run {begun or name}"):
        active = mlflow.start_run(
            run_id=begun,
            experiment_id=experiment_id,
            run_name=name,
            nested=True,
            parent_run_id=parent,
            tags=tags,
        )
    os.environ.pop("MLFLOW_RUN_ID", None)
    return Run(active.info.run_id, active.info.experiment_id, active.info.run_name)
