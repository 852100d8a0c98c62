"""Where a study lives, and how it is begun or gone on with."""

import json
import sqlite3
from typing import Any

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from sqlalchemy import NullPool, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from agegender.config import Experiment
from agegender.errors import ConfigError, first_line
from agegender.patience import keep_trying
from agegender.search.patient import is_away, patient
from agegender.search.strategy import pruner, sampler
from agegender.search.turns import IN_MEMORY, JOURNAL, turn
from agegender.search.write_ahead import write_ahead

FIXED = "fixed"

LONGEST_NAME = 512
"""Characters of a study's name that Optuna's tables hold."""

UNFIT = (
    SQLAlchemyError,
    sqlite3.Error,
    ImportError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What opening an address raises that names no storage, or none for us."""


def open_storage(url: str) -> BaseStorage:
    """Open the storage of studies, made where it is missing.

    What it gives back waits where the storage is away for a while, restarted for
    instance; opening it does not.

    Args:
        url: `sqlite:///FILE`, `postgresql+psycopg2://…`, or `journal:///FILE`.

    Raises:
        ConfigError: If it cannot be opened.
    """
    try:
        # Tables made by two at once get in each other's way.
        with turn(url, ""):
            return patient(get_storage(_storage(url)))
    except UNFIT as error:
        advice = (
            "Install it, for postgresql+psycopg2:// as agegender[postgres]"
            if isinstance(error, ImportError)
            else "Name a database such as sqlite:///study.db"
        )
        raise ConfigError(
            f"cannot open the study's storage {_without_password(url)}: "
            f"{first_line(error).rstrip('.')}. {advice}."
        ) from error


def reopen_storage(url: str) -> BaseStorage:
    """Open a storage that was there a moment ago, and wait where it is away.

    Args:
        url: As for `open_storage`.

    Raises:
        ConfigError: If it cannot be opened.
    """

    def is_cause_away(error: Exception) -> bool:
        return error.__cause__ is not None and is_away(error.__cause__)

    return keep_trying(lambda: open_storage(url), is_cause_away, "the study's storage")


def _storage(url: str) -> BaseStorage:
    if url.startswith(JOURNAL):
        return JournalStorage(JournalFileBackend(url.removeprefix(JOURNAL)))
    # Workers queue up for an SQLite file: let them wait, not fail.
    address = make_url(url)
    is_file = address.get_backend_name() == "sqlite"
    if is_file and address.database in IN_MEMORY:
        raise ValueError("a study in memory is seen by no worker, and gone at the end")
    options = {"connect_args": {"timeout": 60}} if is_file else {}
    _require_own(url)
    return write_ahead(RDBStorage(url, engine_kwargs=options))


def _require_own(url: str) -> None:
    """Refuse a database of MLflow's before tables are added to it that serve nobody.

    Both note in one table of one name which version of theirs the others have.
    """
    names = set(inspect(create_engine(url, poolclass=NullPool)).get_table_names())
    if "alembic_version" in names and "studies" not in names:
        raise ValueError("runs, or others, are kept there: studies need their own")


def open_study(
    storage: BaseStorage, study_name: str, experiment: Experiment, data: str
) -> Study:
    """Begin a study, or go on with the one of that name.

    Args:
        storage: From `open_storage`.
        study_name: Of the study.
        experiment: Settings, and what to search among them.
        data: Hash of the faces.

    Raises:
        ConfigError: If the name cannot be kept, or the study of that name is over
            other settings or data, and its trials cannot be compared with ours.
    """
    if not study_name.isprintable() or len(study_name) > LONGEST_NAME:
        raise ConfigError(
            f"a study's name must be printable and of {LONGEST_NAME} characters at "
            f"most. Received: {study_name[:40]!a}, {len(study_name)} characters."
        )
    study = _create_or_load(storage, study_name, experiment)
    ours = _fixed(experiment, data)
    theirs = study.user_attrs.get(FIXED)
    if theirs is None:
        study.set_user_attr(FIXED, ours)
        return study
    if differing := sorted(
        name for name in ours | theirs if ours.get(name) != theirs.get(name)
    ):
        raise ConfigError(
            f"study {study_name} was begun with another {', '.join(differing)}: its "
            "trials cannot be compared with these. Name a new study."
        )
    return study


def _create_or_load(storage: BaseStorage, name: str, experiment: Experiment) -> Study:
    draws = sampler(experiment.search, experiment.seed)
    gives_up = pruner(experiment)
    objectives = 1 if experiment.search.cost == "none" else 2
    try:
        return optuna.create_study(
            study_name=name,
            storage=storage,
            sampler=draws,
            pruner=gives_up,
            directions=["minimize"] * objectives,
        )
    except DuplicatedStudyError:
        return optuna.load_study(
            study_name=name, storage=storage, sampler=draws, pruner=gives_up
        )


def _fixed(experiment: Experiment, data: str) -> dict[str, Any]:
    """Return all that trials must share to be compared, section by section."""
    settings = experiment.to_dict()
    search = settings.pop("search")
    settings.pop("name")
    fixed = settings | {"search.space": search["space"], "data": data}
    if search["cost"] != "none":
        fixed["search.cost"] = search["cost"]
    # What the database gives back has been JSON: compare like with like.
    return dict(json.loads(json.dumps(fixed)))


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "(not a database URL)"
