"""The networks of a study's best trials, among the artifacts of their runs."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from agegender.tracking.killed import is_there
from agegender.tracking.patient import PatientClient
from agegender.tracking.store import one_line_errors

MODEL_TAG, KEPT, REMOVED = "model", "kept", "removed"
HOLDS_MODEL = f"tags.{MODEL_TAG} = '{KEPT}'"
"""True of runs whose network is there, as MLflow writes it."""

MODEL_FOLDER = "model"
"""Of a run's artifacts."""

log = logging.getLogger(__name__)


def keep_model(run_id: str, save: Callable[[Path], object]) -> None:
    """Keep a trial's network.

    Args:
        run_id: Of the trial.
        save: Writes it into a folder.

    Raises:
        ModelError: If MLflow refuses.
    """
    with TemporaryDirectory() as folder, one_line_errors("keep a trial's network"):
        save(Path(folder))
        client = PatientClient()
        # First the tag: what is killed in between is found, and removed.
        client.set_tag(run_id, MODEL_TAG, KEPT)
        client.log_artifacts(run_id, folder, MODEL_FOLDER)


def drop_model(run_id: str) -> None:
    """Remove a trial's network; where that cannot be done, say so and go on.

    Args:
        run_id: Of the trial.
    """
    client = PatientClient()
    try:
        uri = client.get_run(run_id).info.artifact_uri
        # Another worker may be at it, and take a file away that we saw.
        with suppress(FileNotFoundError):
            get_artifact_repository(uri).delete_artifacts(MODEL_FOLDER)
        client.set_tag(run_id, MODEL_TAG, REMOVED)
    except (OSError, MlflowException) as error:
        log.warning("the network of run %s stays where it is: %s", run_id, error)


def holds_model(run_id: str) -> bool:
    """Tell whether a trial's network is there; its run or files may be deleted.

    Raises:
        ModelError: If the tracking store does not answer.
    """
    if not is_there(run_id):
        return False
    with one_line_errors("look for a trial's network"):
        client = PatientClient()
        is_kept = client.get_run(run_id).data.tags.get(MODEL_TAG) == KEPT
        return is_kept and bool(client.list_artifacts(run_id, MODEL_FOLDER))
