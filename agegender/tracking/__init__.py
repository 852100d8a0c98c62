"""Runs, versions and the served model: the only importers of MLflow.

MLflow reads these switches while it is being imported, so they are set here,
before any module below imports it. Whoever set one already is obeyed.
"""

import os

QUIET = {
    # Table creation and every registration would otherwise announce themselves.
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Nobody who trains on faces should report usage to a third party unasked.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Requirements are stated by us; a lock file that happens to lie in the
    # working folder belongs to somebody else's project.
    "MLFLOW_UV_AUTO_DETECT": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}

for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)
