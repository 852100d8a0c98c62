"""Where a study lives, and how it is begun or gone on with."""

import json
import warnings
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import Study
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from agegender.config import Experiment
from agegender.errors import ConfigError
from agegender.search.strategy import pruner, sampler
from agegender.search.write_ahead import write_ahead

MOST_RETRIES = 2
"""Times that a trial whose process died is begun anew."""

FIXED = "fixed"


@dataclass(frozen=True)
class Heartbeat:
    """How a trial whose process died is told from one that takes long.

    Args:
        interval: Seconds between signs of life.
        grace: Seconds of silence after which a trial counts as dead.
    """

    interval: int = 30
    grace: int = 120


def open_storage(url: str, heartbeat: Heartbeat) -> RDBStorage:
    """Open the database of studies; its tables are made where they are missing.

    Args:
        url: `sqlite:///FILE` or `postgresql+psycopg2://…`.
        heartbeat: When a trial counts as dead.

    Raises:
        ConfigError: If it cannot be opened.
    """
    try:
        # Workers queue up for an SQLite file: let them wait, not fail.
        patient = make_url(url).get_backend_name() == "sqlite"
        options = {"connect_args": {"timeout": 60}} if patient else {}
        with warnings.catch_warnings():
            # Heartbeats are the one way to notice dead trials, though Optuna has
            # called them experimental for years; users can do nothing about it.
            warnings.simplefilter("ignore", ExperimentalWarning)
            storage = RDBStorage(
                url,
                engine_kwargs=options,
                heartbeat_interval=heartbeat.interval,
                grace_period=heartbeat.grace,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(
                    max_retry=MOST_RETRIES
                ),
            )
            return write_ahead(storage)
    except (SQLAlchemyError, ImportError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"cannot open the study's storage {_without_password(url)}: "
            f"{_first_line(error)}. Name a database such as sqlite:///study.db."
        ) from error


def open_study(
    storage: RDBStorage, study_name: str, experiment: Experiment, data: str
) -> Study:
    """Begin a study, or go on with the one of that name.

    Args:
        storage: From `open_storage`.
        study_name: Of the study.
        experiment: Settings, and what to search among them.
        data: Hash of the faces.

    Raises:
        ConfigError: If the study of that name is over other settings or data, and
            its trials cannot be compared with ours.
    """
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


def _create_or_load(storage: RDBStorage, name: str, experiment: Experiment) -> Study:
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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else repr(error)
