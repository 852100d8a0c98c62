"""A study over settings: `search`."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agegender.config import Experiment
from agegender.errors import AgeGenderError, ConfigError, UnfitError
from agegender.progress import Progress, silent
from agegender.steps.interrupting import ended_by_sigterm
from agegender.steps.lineage import lineage_of, require_fits_all
from agegender.steps.outcome import Outcome
from agegender.steps.study_run import record, study_run

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.search import Space
    from agegender.train.lineage import Lineage

DATABASE = "optuna.db"
"""In mlruns/, beside the runs."""


@dataclass(frozen=True)
class _TrainOn:
    """Trains a trial on a store; a class, since workers get it by pickle."""

    store: str
    lineage: "Lineage"

    def __call__(
        self,
        experiment: Experiment,
        listener: Callable[[int, Mapping[str, float]], None],
    ) -> Callable[[Path], Path]:
        from agegender.data.store import FaceStore
        from agegender.steps.keeping import write_network
        from agegender.tracking.place import programs_folder
        from agegender.train import fit, keep_programs

        keep_programs(programs_folder())
        faces = FaceStore.open(self.store)
        trained = fit(experiment, faces, [listener], lineage=self.lineage)
        return lambda folder: write_network(trained.model, folder, experiment, faces)


def search(
    store: str,
    experiment: Experiment = Experiment(),
    trials: int | None = None,
    time_limit: float | None = None,
    target: float | None = None,
    workers: int = 1,
    study: str | None = None,
    storage: str | None = None,
    refit: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Search the settings that learn best; goes on where it stopped.

    Args:
        store: Face store; its test split is never read.
        experiment: YAML file; its section `search` says what to vary.
        trials: Finished trials wanted in all, those of earlier calls included.
        time_limit: Minutes after which no further trial begins.
        target: Validation MAE, in years, at which no further trial begins.
        workers: Trials at a time on this machine: one a GPU, or sharing the cores.
        study: Name of the study; the experiment's by default.
        storage: Of studies: sqlite:///FILE, postgresql+psycopg2://..., or
            journal:///FILE, where three slashes begin a path from the working folder
            and four one from the root; whoever gives the same joins the study.
        refit: Train the best settings on train and validation faces, and register
            them as challenger.
        progress: Called after each trial.

    Returns:
        The best settings and the state of every trial.
    """
    from agegender.data.store import FaceStore

    for option, number in (("trials", trials), ("workers", workers)):
        if number is not None and number < 1:
            raise ConfigError(f"{option} must be at least 1. Received: {number}.")
    faces = FaceStore.open(store)
    # After what is quickly found to be wrong: they take seconds.
    from agegender.search import run_study
    from agegender.search.enough import enough_of
    from agegender.search.tables import to_table
    from agegender.steps.refitting import refit as _refit
    from agegender.steps.weighing import CostOf
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.trials import TrialRuns
    from agegender.train import DivergedError

    enough_of(trials or experiment.search.trials, time_limit, target)
    space = _checked_space(experiment, faces)
    experiment, lineage = lineage_of(experiment, faces)
    tracking_uri = use_tracking_store()
    name = study or experiment.name
    kept = storage or _own_storage()
    data = faces.manifest.content_hash
    began = study_run(experiment, space, kept, name, data)
    try:
        with ended_by_sigterm():
            with began as run:
                tracker = TrialRuns(
                    tracking_uri,
                    run.experiment_id,
                    run.id,
                    tuple(experiment.search.space),
                )
                result = run_study(
                    experiment,
                    _TrainOn(store, lineage),
                    storage=kept,
                    study_name=name,
                    data=data,
                    trials=trials,
                    time_limit=time_limit,
                    target=target,
                    tracker=tracker,
                    # Of two settings it was tried whether they fit, not of three.
                    hopeless=(DivergedError, UnfitError),
                    workers=workers,
                    cost=CostOf(faces.manifest.crop_rule),
                    space=space,
                    progress=progress,
                )
                record(run, result)
            refitted = _refit(result, faces, run, progress) if refit else None
    except KeyboardInterrupt:
        return _interrupted(experiment, kept, name)
    found, text = result.to_dict(), to_table(result)
    if refitted:
        found, text = found | {"refit": asdict(refitted)}, f"{text}\n{refitted}"
    return Outcome(found, text)


def _checked_space(experiment: Experiment, store: "FaceStore") -> "Space":
    """Return what trials draw, once it is sure that they can be trained on a store."""
    from agegender.search import check_space

    require_fits_all(experiment)
    size = store.manifest.crop_rule.size
    return check_space(experiment, partial(_require_fit, size))


def _require_fit(size: int, experiment: Experiment) -> None:
    """Make sure that faces of a size can be trained on; size is in pixels."""
    from agegender.model.wide_resnet import require_fit
    from agegender.train.sizes import size_of_epoch

    require_fit(experiment.model, size)
    size_of_epoch(experiment.training, size, 0)


def _own_storage() -> str:
    """Return the database in mlruns/, which runs kept elsewhere do not make."""
    from agegender.tracking.place import project_folder

    folder = project_folder() / "mlruns"
    with suppress(OSError):  # Opening the database tells of it.
        folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder}/{DATABASE}"


def _interrupted(experiment: Experiment, storage: str, name: str) -> Outcome:
    """Tell what there is of a study that was interrupted."""
    from agegender.search import read_study
    from agegender.search.tables import to_table

    data, text = {}, f"study {name}: no trial is complete"
    with suppress(AgeGenderError):
        result = read_study(experiment, storage=storage, study_name=name)
        data, text = result.to_dict(), to_table(result)
    return Outcome(data, text, 130, "interrupted. The same command goes on.")
