"""A study over settings: `search`."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
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

if TYPE_CHECKING:
    import pandas as pd

    from agegender.data.store import FaceStore
    from agegender.search import Space, StudyResult
    from agegender.tracking.run import Run
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
    from agegender.search import run_study
    from agegender.steps.refitting import refit as _refit
    from agegender.steps.weighing import CostOf
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.trials import TrialRuns
    from agegender.train import DivergedError

    if trials is not None and trials < 1:
        raise ConfigError(f"trials must be at least 1. Received: {trials}.")
    faces = FaceStore.open(store)
    space = _checked_space(experiment, faces)
    experiment, lineage = lineage_of(experiment, faces)
    tracking_uri = use_tracking_store()
    name = study or experiment.name
    kept = storage or _own_storage()
    data = faces.manifest.content_hash
    began = _study_run(experiment, space, kept, name, data)
    try:
        with ended_by_sigterm(), began as run:
            tracker = TrialRuns(
                tracking_uri, run.experiment_id, run.id, tuple(experiment.search.space)
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
            _record(run, result)
    except KeyboardInterrupt:
        return _interrupted(experiment, kept, name)
    found, text = result.to_dict(), _text(result)
    if refit:
        with ended_by_sigterm():
            refitted = _refit(result, faces, run, progress)
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

    data, text = {}, f"study {name}: no trial is complete"
    with suppress(AgeGenderError):
        result = read_study(experiment, storage=storage, study_name=name)
        data, text = result.to_dict(), _text(result)
    return Outcome(data, text, 130, "interrupted. The same command goes on.")


@contextmanager
def _study_run(
    experiment: Experiment, space: "Space", storage: str, name: str, data: str
) -> Iterator["Run"]:
    """Open the study's run, or go on with the one that it began with."""
    from agegender.search import study_record
    from agegender.tracking.killed import is_there
    from agegender.tracking.runs import continued_run, tracked_run
    from agegender.tracking.trials import STUDY_TAG

    def begin() -> str:
        with tracked_run(name, tags={STUDY_TAG: name}) as run:
            return run.id

    known = study_record(
        experiment,
        begin,
        is_there,
        storage=storage,
        study_name=name,
        data=data,
        space=space,
    )
    with continued_run(known) as run:
        yield run


def _record(run: "Run", result: "StudyResult") -> None:
    """Log what the study found."""
    from agegender.search.figures.page import draw_study_page
    from agegender.search.figures.pictures import study_figures
    from agegender.search.summary import summary, told_values
    from agegender.tracking.pages import trials_page

    for name, figure in study_figures(result).items():
        run.log_figure(figure, f"figures/{name}.png")
    run.log_text(draw_study_page(result), "study.html")
    run.log_text(result.trials.to_csv(index=False), "trials.csv")
    run.log_dict(result.best.to_dict(), "best.yaml")
    run.log_metrics({"best_val_age_mae": result.best_value})
    run.set_tags({"best_trial": result.best_number, "best_values": told_values(result)})
    # Within MLflow's pages, wherever they are served.
    trials = trials_page("", run.experiment_id, run.id).removeprefix("/")
    run.describe(
        f"{summary(result)}\n\nLook at `study.html` among the artifacts, and at "
        f"[the trials, best first]({trials})."
    )


def _text(result: "StudyResult") -> str:
    data = result.to_dict()
    costs = [] if result.cost == "none" else [result.cost]
    shown = result.trials.sort_values("value")[
        ["number", "state", "value", *costs, "epochs", "seconds", *result.settings]
    ]
    states = ", ".join(f"{n} {state}" for state, n in data["trials"].items())
    best = json.dumps(data["best_values"], default=str)
    return (
        f"{_table(shown)}\n\n"
        f"study {result.study_name}: {states}\n{_front(result, shown)}"
        f"best: trial {result.best_number}, validation MAE "
        f"{result.best_value:.2f} years, {best}"
    )


def _front(result: "StudyResult", shown: "pd.DataFrame") -> str:
    if not result.front:
        return ""
    numbers = [one.number for one in result.front]
    rows = shown.set_index("number", drop=False).loc[numbers]
    return (
        f"\nnone is both better and cheaper ({result.cost}) than these:\n"
        f"{_table(rows.drop(columns=['state', 'epochs', 'seconds']))}\n\n"
    )


def _table(rows: "pd.DataFrame") -> str:
    return rows.to_string(index=False, float_format="%.4g", na_rep="-")
