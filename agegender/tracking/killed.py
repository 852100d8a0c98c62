"""Runs whose process was killed, and could not say so: they stay RUNNING."""

from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from agegender.tracking.patient import PatientClient
from agegender.tracking.store import one_line_errors

_UNKNOWN = ErrorCode.Name(RESOURCE_DOES_NOT_EXIST)


def is_there(run_id: str) -> bool:
    """Tell whether a run can be gone on with: known here, and not deleted.

    Args:
        run_id: MLflow's id of the run.

    Raises:
        ModelError: If the tracking store does not answer.
    """
    with one_line_errors(f"look for run {run_id}"):
        try:
            info = PatientClient().get_run(run_id).info
        except MlflowException as error:
            if error.error_code == _UNKNOWN:
                return False
            raise
    return bool(info.lifecycle_stage == LifecycleStage.ACTIVE)


def end_as_killed(run_id: str) -> None:
    """End a run that nobody will go on with; one that has ended stays as it is.

    Args:
        run_id: MLflow's id of the run.
    """
    if not is_there(run_id):
        return
    with one_line_errors(f"end run {run_id}"):
        client = PatientClient()
        if client.get_run(run_id).info.status == "RUNNING":
            client.set_tag(run_id, "state", "killed")
            client.set_terminated(run_id, "KILLED")
