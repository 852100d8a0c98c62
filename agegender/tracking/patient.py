"""A tracking store that may be away for a while.

A trial trains for hours, and a restart of the database takes seconds: what is to be
recorded meanwhile is tried again until it is. To a server MLflow itself comes back
for some minutes; to a database it does not.
"""

import logging
from collections.abc import Callable
from typing import Any

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE, ErrorCode

from agegender.patience import is_database_away, keep_trying

_AWAY = ErrorCode.Name(TEMPORARILY_UNAVAILABLE)


class PatientClient:
    """MLflow's client, each of whose calls is made again where nobody answers."""

    def __init__(self) -> None:
        # It tells every failure with its traceback; we say it once, in a line.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        self._client: MlflowClient = patiently(MlflowClient)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the client's method of that name."""
        call = getattr(self._client, name)
        return lambda *given, **named: patiently(lambda: call(*given, **named))


def patiently(call: Callable[[], Any]) -> Any:
    """Call MLflow, again and again where nobody answers, and return its answer."""
    return keep_trying(call, _is_away, "the tracking store")


def _is_away(error: Exception) -> bool:
    is_told_so = isinstance(error, MlflowException) and error.error_code == _AWAY
    return is_told_so or is_database_away(error) or is_database_away(error.__cause__)
