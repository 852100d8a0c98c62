"""Refits of a study's best settings: finished ones, and what they take over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from agegender.tracking.nested import nested_runs
from agegender.tracking.store import one_line_errors
from agegender.tracking.trial_models import MODEL_FOLDER, holds_model
from agegender.tracking.version import version_of_run

REFIT_TAG = "refit_of_trial"


def finished_refit(
    experiment_id: str, study_run: str, trial: int
) -> tuple[str, int] | None:
    """Return the run and the version of a refit that was finished, or None.

    Args:
        experiment_id: MLflow's id of the experiment.
        study_run: Id of the study's run.
        trial: Number of the trial whose settings were trained.

    Raises:
        ModelError: If the tracking store cannot be read.
    """
    condition = f"tags.{REFIT_TAG} = '{trial}' and attributes.status = 'FINISHED'"
    for run in nested_runs(experiment_id, study_run, condition):
        version = version_of_run(run.info.run_id)
        if version is not None and version.number is not None:
            return run.info.run_id, version.number
    return None


@contextmanager
def network_of_trial(run_id: str, name: str) -> Iterator[Path | None]:
    """Lend the network that was kept of a trial, None where it was not.

    Args:
        run_id: Of the trial.
        name: Of the file.

    Raises:
        ModelError: If it cannot be fetched.
    """
    with TemporaryDirectory() as folder:
        if not holds_model(run_id):
            yield None
            return
        with one_line_errors("fetch a trial's network"):
            uri = f"runs:/{run_id}/{MODEL_FOLDER}/{name}"
            found = mlflow.artifacts.download_artifacts(uri, dst_path=folder)
        yield Path(found)
