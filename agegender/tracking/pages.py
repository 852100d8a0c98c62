"""Addresses of MLflow's pages, in the view for model training.

A new visitor's browser opens every page in the view for language models, whatever
the kind of the experiment, until told otherwise; the address can tell it.
"""

from urllib.parse import quote

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from agegender.tracking.version import MODEL_NAME

MODEL_TRAINING_VIEW = "workflowType=machine_learning"


def experiment_page(server: str, experiment_id: str) -> str:
    """Return where an experiment's runs are listed.

    Args:
        server: Address of MLflow's pages, such as http://127.0.0.1:5000.
        experiment_id: MLflow's id of the experiment.
    """
    return f"{server}/#/experiments/{experiment_id}/runs?{MODEL_TRAINING_VIEW}"


def trials_page(server: str, experiment_id: str, study_run: str) -> str:
    """Return where the trials of a study are listed, the best first.

    Args:
        server: As for `experiment_page`.
        experiment_id: MLflow's id of the experiment.
        study_run: Id of the study's run.
    """
    of_the_study = quote(f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{study_run}'")
    order = f"orderByKey={quote('metrics.`best_val_age_mae`')}&orderByAsc=true"
    listed = experiment_page(server, experiment_id)
    return f"{listed}&searchFilter={of_the_study}&{order}"


def model_page(server: str, number: int | None = None) -> str:
    """Return where the registered model, or one version of it, is shown."""
    version = "" if number is None else f"/versions/{number}"
    return f"{server}/#/models/{MODEL_NAME}{version}?{MODEL_TRAINING_VIEW}"
