"""One at a time, whatever keeps the runs: a file, a database or a server.

MLflow has no transaction over "look who is champion, then move the alias". An SQLite
store has a lock beside it. On a server, or in a database that many reach, the one
thing that can succeed only once is to register a model by a name: whoever does, has
the lock.
"""

import contextlib
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from agegender.errors import ModelError
from agegender.tracking.store import locked, one_line_errors
from agegender.tracking.version import MODEL_NAME

LOCK: Final = f"{MODEL_NAME}.promoting"
"""Registered model that is there while somebody moves the champion."""

HOLDER_TAG: Final = "held_by"
PATIENCE_SECONDS: Final = 60.0
STALE_SECONDS: Final = 20.0
"""Moving an alias takes far less; whoever holds the lock so long was killed."""

# MLflow looks up the name that stood in the way, and may find it just let go.
_TAKEN: Final = ("RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep everybody else's promotions out meanwhile.

    Raises:
        ModelError: If others hold the lock for a minute, or the store refuses.
    """
    uri = mlflow.get_registry_uri()  # the runs may be elsewhere
    if uri.startswith("sqlite:///"):
        with contextlib.ExitStack() as held:
            with one_line_errors("wait for other promotions"):
                held.enter_context(
                    locked(Path(uri.removeprefix("sqlite:///")).resolve())
                )
            yield
        return
    mine = uuid.uuid4().hex
    with one_line_errors("wait for other promotions"):
        _take(mine)
    try:
        yield
    finally:
        with one_line_errors("let other promotions in"):
            if _holder() == mine:
                _release()


def _take(mine: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    seen, since = "", time.monotonic()
    while not _create(mine):
        now, holder = time.monotonic(), _holder()
        if holder != seen:
            seen, since = holder, now
        elif holder and now - since > STALE_SECONDS and _holder() == holder:
            _release()
        if now > until:
            raise ModelError(
                f"others have been promoting for {PATIENCE_SECONDS:.0f} seconds. "
                f"Promote again; should nobody be, delete the registered model {LOCK}."
            )
        time.sleep(0.1)


def _create(mine: str) -> bool:
    try:
        MlflowClient().create_registered_model(
            LOCK,
            tags={HOLDER_TAG: mine},
            description="A promotion is under way; gone in a moment.",
        )
    except MlflowException as error:
        if error.error_code not in _TAKEN:
            raise
        return False
    return True


def _holder() -> str:
    """Return who has the lock; empty where nobody has."""
    try:
        return str(MlflowClient().get_registered_model(LOCK).tags.get(HOLDER_TAG, ""))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return ""


def _release() -> None:
    try:
        MlflowClient().delete_registered_model(LOCK)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
