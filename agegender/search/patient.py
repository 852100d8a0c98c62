"""A study's storage that may be away for a while.

Trainings take hours and a restart of the database takes seconds: whatever a trial
says or asks meanwhile is tried again until it is heard.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage

from agegender.patience import is_database_away, keep_trying


def is_away(error: BaseException) -> bool:
    """Tell whether an error says that the storage does not answer for now.

    Args:
        error: Of its database, a lock, or the server of a journal's file.
    """
    is_file_away = isinstance(error, (sqlite3.OperationalError, OSError))
    return is_file_away or is_database_away(error)


def patient(storage: BaseStorage) -> BaseStorage:
    """Return a storage that asks another one, again and again where it is away.

    What was done although the answer was lost is done twice: a state that is set
    already is an error of Optuna's, a trial that was begun is found dead. What its
    database raises is let through, not hidden behind an error of Optuna's.

    Args:
        storage: Of one of Optuna's kinds.
    """

    def patiently(name: str) -> Callable[..., Any]:
        ask = getattr(storage, name)

        def method(_self: BaseStorage, *given: Any, **named: Any) -> Any:
            def call() -> Any:
                try:
                    return ask(*given, **named)
                except StorageInternalError as error:
                    raise (error.__cause__ or error) from None

            return keep_trying(call, is_away, "the study's storage")

        return method

    names = [name for name in dir(BaseStorage) if not name.startswith("_")]
    methods = {name: patiently(name) for name in names}
    made: BaseStorage = type("PatientStorage", (BaseStorage,), methods)()
    return made
