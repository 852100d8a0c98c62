"""A study's storage that may be away for a while.

Trainings take hours and a restart of the database takes seconds: whatever a trial
says or asks meanwhile is tried again until it is heard.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage
from sqlalchemy.exc import InterfaceError, OperationalError

from agegender.patience import keep_trying

AWAY = (OperationalError, InterfaceError, sqlite3.OperationalError, OSError)
"""A database that is stopped, starting or locked; a file whose server is gone."""


def is_away(error: BaseException) -> bool:
    """Tell whether an error says that the storage does not answer for now."""
    if isinstance(error, StorageInternalError):
        return isinstance(error.__cause__, AWAY)
    return isinstance(error, AWAY)


def patient(storage: BaseStorage) -> BaseStorage:
    """Return a storage that asks another one, again and again where it is away.

    What was done although the answer was lost is done twice: a state that is set
    already is an error of Optuna's, a trial that was begun is found dead.

    Args:
        storage: Of one of Optuna's kinds.
    """

    def patiently(name: str) -> Callable[..., Any]:
        ask = getattr(storage, name)

        def method(_self: BaseStorage, *given: Any, **named: Any) -> Any:
            call = lambda: ask(*given, **named)  # noqa: E731 - it is one line
            return keep_trying(call, is_away, "the study's storage")

        return method

    names = [name for name in dir(BaseStorage) if not name.startswith("_")]
    methods = {name: patiently(name) for name in names}
    made: BaseStorage = type("PatientStorage", (BaseStorage,), methods)()
    return made
