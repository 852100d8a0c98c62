"""Runs shown under another one: a study's trials."""

from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from agegender.tracking.patient import PatientClient
from agegender.tracking.store import one_line_errors


def nested_runs(experiment_id: str, parent: str, condition: str) -> list[Run]:
    """Return a study's nested runs that fulfil a condition.

    Args:
        experiment_id: MLflow's id of the experiment.
        parent: Id of the study's run.
        condition: As MLflow writes it.
    """
    condition = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}' and {condition}"
    found: list[Run] = []
    token = None
    with one_line_errors("look for the study's runs"):
        while True:
            page = PatientClient().search_runs(
                [experiment_id], condition, page_token=token
            )
            found += page
            token = page.token
            if not token:
                return found
