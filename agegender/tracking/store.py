"""Where runs and versions are kept.

Everything lies in one place: what `MLFLOW_TRACKING_URI` names, else a database in
the project's `mlruns/`. MLflow's own commands, started plainly in the project,
look for `mlflow.db` beside it instead; a link by that name leads them to ours, and
a database that they made first is used as it is. So `mlflow run`, `mlflow models
serve` and `agegender` agree without being told.
"""

import contextlib
import logging
import os
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote

import mlflow
import sqlalchemy
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException

from agegender.advisory import alone_in
from agegender.data.address import shown, without_logins
from agegender.errors import ModelError, first_line
from agegender.tracking.place import (
    local_uri,
    our_database,
    project_folder,
    sqlite_uri,
)

EXPERIMENT_NAME = "agegender"
EXPERIMENT_KIND_TAG = "mlflow.experimentKind"
MODEL_TRAINING = "custom_model_development"
"""The kind for which MLflow's pages open on runs instead of on traces."""

SERVER_PATIENCE_SECONDS = 5.0
LOCK_PATIENCE_SECONDS = 120.0

TABLES_KEY = 1 << 32
"""Of PostgreSQL's lock while tables are made; those of studies are below."""

DATABASE_ERRORS = (sqlalchemy.exc.SQLAlchemyError, sqlite3.Error)

log = logging.getLogger(__name__)


def use_tracking_store(root: Path | None = None) -> str:
    """Point MLflow at the tracking store, creating or checking it first.

    Call it before starting workers: they inherit the choice.

    Args:
        root: Folder that holds `mlruns/`; else the nearest folder upwards with an
            `MLproject`, else the working folder.

    Returns:
        The tracking URI, absolute.

    Raises:
        ModelError: If the address cannot be read, a tracking server does not answer
            or a database is unfit.
    """
    folder = (root or project_folder()).resolve()
    uri = _absolute(os.environ.get("MLFLOW_TRACKING_URI") or local_uri(folder))
    _require_port(uri)
    mlflow.set_tracking_uri(uri)
    if uri == sqlite_uri(our_database(folder)):
        _lead_plain_mlflow_here(folder)
    if uri.startswith(("http://", "https://")):
        _ask_server(uri)
    elif uri.startswith("sqlite:///"):
        _create_database(Path(uri.removeprefix("sqlite:///")))
    elif uri.startswith("postgresql"):
        _fill_postgresql(uri)
    # Workers read it here; MLflow writes it only where its own note of it changes.
    os.environ["MLFLOW_TRACKING_URI"] = uri
    return uri


def use_experiment(name: str | None = None, root: Path | None = None) -> str:
    """Return the experiment that new runs go to, created where absent.

    Args:
        name: Its name; else that of `mlflow run` or `MLFLOW_EXPERIMENT_NAME`,
            else "agegender".
        root: As for `use_tracking_store`.

    Returns:
        The experiment's id.

    Raises:
        ModelError: If the tracking store refuses.
    """
    with one_line_errors("open the experiment"):
        client = MlflowClient()
        given = None if name else os.environ.get("MLFLOW_EXPERIMENT_ID")
        experiment = (
            client.get_experiment(given)
            if given
            else client.get_experiment_by_name(name := name or default_experiment())
        )
        if experiment is None:
            return _create_experiment(str(name), root)
        if experiment.lifecycle_stage == LifecycleStage.DELETED:
            raise ModelError(
                f"the experiment {experiment.name!r} was deleted. Restore it with "
                f"`mlflow experiments restore -x {experiment.experiment_id}`, or name "
                "another by MLFLOW_EXPERIMENT_NAME."
            )
        # Until a person chooses, MLflow guesses the kind, and "Default" as GenAI.
        if EXPERIMENT_KIND_TAG not in experiment.tags:
            client.set_experiment_tag(
                experiment.experiment_id, EXPERIMENT_KIND_TAG, MODEL_TRAINING
            )
        return str(experiment.experiment_id)


def _create_experiment(name: str, root: Path | None) -> str:
    client, tags = MlflowClient(), {EXPERIMENT_KIND_TAG: MODEL_TRAINING}
    try:
        created = client.create_experiment(name, _artifact_location(root), tags)
    except MlflowException as error:
        others = client.get_experiment_by_name(name)  # made at the same moment
        if error.error_code != "RESOURCE_ALREADY_EXISTS" or others is None:
            raise
        return str(others.experiment_id)
    return str(created)


def default_experiment() -> str:
    """Return the name of the experiment that a run goes to unless told."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT_NAME


@contextlib.contextmanager
def one_line_errors(doing: str) -> Iterator[None]:
    """Turn what MLflow, its database or its server raise into one `ModelError`.

    Args:
        doing: What is attempted, to follow "could not".
    """
    try:
        yield
    except (MlflowException, *DATABASE_ERRORS, OSError, ImportError) as error:
        reason = first_line(error)
        if isinstance(error, ImportError):
            reason += ". Install it, for postgresql+psycopg2:// as agegender[postgres]."
        raise ModelError(
            f"could not {doing} in {shown(mlflow.get_tracking_uri())}: "
            f"{without_logins(reason)}"
        ) from error


def _lead_plain_mlflow_here(folder: Path) -> None:
    ours, plain = our_database(folder), folder / "mlflow.db"
    with one_line_errors("make the tracking store's folder"):
        ours.parent.mkdir(parents=True, exist_ok=True)
    if not plain.exists():
        # Not every file system has links, and Windows asks for a permission: there,
        # plain `mlflow` commands need MLFLOW_TRACKING_URI, and all else works.
        with contextlib.suppress(OSError):
            plain.symlink_to(Path("mlruns") / "mlflow.db")
    elif ours.exists() and not plain.samefile(ours):
        log.warning("runs lie in both %s and %s; using the first", ours, plain)


def _absolute(uri: str) -> str:
    # A relative URI would name another file in each worker's folder.
    if not uri.startswith("sqlite:///"):
        return uri
    named = uri.removeprefix("sqlite:///")
    database, spelled_out = Path(named), Path(unquote(named))
    # `mlflow run` hands its own on as in a web address: a space is %20.
    if not database.exists() and spelled_out.exists():
        database = spelled_out
    return sqlite_uri(database.absolute())


def _require_port(uri: str) -> None:
    with contextlib.suppress(sqlalchemy.exc.ArgumentError):  # Not like a database's.
        try:
            sqlalchemy.make_url(uri)
        except ValueError as error:
            raise ModelError(
                f"the port in MLFLOW_TRACKING_URI is no number ({error}): give one, "
                "as in http://host:5000 or postgresql+psycopg2://user@host:5432/runs."
            ) from error


def _ask_server(uri: str) -> None:
    try:
        # A user and password before the host are none of urllib's: it would ask the
        # name service for them, and the server's health is told without.
        with urllib.request.urlopen(  # noqa: S310 (http and https alone come here)
            f"{shown(uri).rstrip('/')}/health", timeout=SERVER_PATIENCE_SECONDS
        ):
            return
    except urllib.error.HTTPError:
        return  # It answers; whether it lets us in shows with the first request.
    except (OSError, ValueError, HTTPException) as error:
        raise ModelError(
            f"no MLflow server answers at {shown(uri)} ({error}): start it or change "
            "MLFLOW_TRACKING_URI."
        ) from error


def _fill_postgresql(uri: str) -> None:
    """Have the tables made once, whoever else is about to do the same."""
    with one_line_errors("open the tracking database"), alone_in(uri, TABLES_KEY):
        MlflowClient().get_experiment_by_name(EXPERIMENT_NAME)


def _create_database(database: Path) -> None:
    """Create the database whole, once, whoever else is about to do the same."""
    if database.is_dir():  # MLflow would try to open it for two minutes.
        raise ModelError(
            "MLFLOW_TRACKING_URI must name a database file, such as "
            f"{sqlite_uri(database / 'mlflow.db')}. Received a folder: {database}."
        )
    with one_line_errors("create the tracking database"):
        if database.exists():
            return
        target = database.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target):
            if not target.exists():
                _fill_database(target)


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Wait for, and hold, the lock beside an SQLite database."""
    lock = sqlite3.connect(
        f"{database}.lock", timeout=LOCK_PATIENCE_SECONDS, isolation_level=None
    )
    # SQLite's own lock: the system lets go of it when its holder is killed.
    with contextlib.closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        yield


def _fill_database(target: Path) -> None:
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=".creating-", ignore_cleanup_errors=True
    ) as folder:
        fresh, copy = Path(folder) / "fresh.db", Path(folder) / "copy.db"
        # MLflow makes its tables on the first question put to an empty database.
        MlflowClient(sqlite_uri(fresh)).search_experiments(max_results=1)
        # A copy, since MLflow keeps its own file open, which Windows cannot move.
        with (
            contextlib.closing(sqlite3.connect(fresh)) as source,
            contextlib.closing(sqlite3.connect(copy)) as sink,
        ):
            source.backup(sink)
        copy.replace(target)


def _artifact_location(root: Path | None) -> str | None:
    if mlflow.get_tracking_uri().startswith(("http://", "https://")):
        return None  # The server knows where it keeps files.
    if chosen := os.environ.get("MLFLOW_DEFAULT_ARTIFACT_ROOT"):
        return chosen
    folder = (root or project_folder()).resolve()
    return (folder / "mlruns" / "artifacts").as_uri()
