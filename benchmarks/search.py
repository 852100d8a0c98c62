"""What a trial costs beside its training, ours and plain Optuna with MLflowCallback.

Both search width, depth and learning rate by the same sampler and pruner, in SQLite,
and record in one MLflow store. Training takes no time: its error is a formula. Ours
keeps a heartbeat, curves and states besides; the callback writes once a trial, at
its end.
"""

import math
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.study import MaxTrialsCallback

from agegender.config import Experiment, SearchConfig, TrainingConfig, with_values
from agegender.search import run_study

TRIALS = 40
WORKERS = (1, 2, 4)
ROUNDS = 3
EPOCHS = 3
EXPERIMENT = replace(
    Experiment(), training=TrainingConfig(epochs=EPOCHS), search=SearchConfig()
)
QUIETLY = optuna.logging.ERROR

Listener = Callable[[int, Mapping[str, float]], None]


class Taken(NamedTuple):
    """What a trial of one study took."""

    seconds: float  # by the clock, once every worker has ended a trial
    processor: float  # seconds of this process, all threads


def train(settings: Experiment, listener: Listener) -> None:
    """Tell of epochs whose error follows from the settings."""
    rate = abs(math.log10(settings.optimizer.learning_rate / 0.03))
    final = 5.0 + 2.0 * rate + (8 - settings.model.widen_factor) / 4.0
    for epoch in range(EPOCHS):
        error = final + 3.0 * (EPOCHS - 1 - epoch)
        measures = {"loss": 4.0, "val_loss": 4.2, "age_mae": error, "cs5": 0.5}
        listener(epoch, {**measures, "val_age_mae": error, "val_gender_accuracy": 0.9})


@dataclass(frozen=True)
class Place:
    """Where studies and runs are kept; travels to worker processes."""

    folder: str
    tracking_uri: str
    experiment_id: str

    def storage(self, way: str) -> str:
        """Return the address of a way's database of studies."""
        return f"sqlite:///{self.folder}/{way}.db"


def ours(place: Place, name: str, workers: int) -> None:
    """Search as `agegender search` does."""
    from agegender.tracking.runs import tracked_run  # noqa: PLC0415 - MLflow is slow
    from agegender.tracking.trials import TrialRuns  # noqa: PLC0415

    with tracked_run(name) as run:
        settings = tuple(EXPERIMENT.search.space)
        run_study(
            EXPERIMENT,
            train,
            storage=place.storage("ours"),
            study_name=name,
            trials=TRIALS,
            tracker=TrialRuns(place.tracking_uri, run.experiment_id, run.id, settings),
            workers=workers,
        )


def plain(place: Place, name: str, workers: int) -> None:
    """Search as the documentation of both has it."""
    optuna.logging.set_verbosity(QUIETLY)
    optuna.create_study(study_name=name, storage=place.storage("plain"))
    if workers == 1:
        _plain_worker(place, name)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        began = [pool.submit(_plain_worker, place, name) for _ in range(workers)]
        for one in began:
            one.result()


def _plain_worker(place: Place, name: str) -> None:
    from optuna_integration.mlflow import MLflowCallback  # noqa: PLC0415

    optuna.logging.set_verbosity(QUIETLY)
    study = optuna.load_study(
        study_name=name,
        storage=place.storage("plain"),
        sampler=TPESampler(multivariate=True, constant_liar=True),
        pruner=MedianPruner(n_warmup_steps=EPOCHS // 4),
    )
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        callback = MLflowCallback(
            tracking_uri=place.tracking_uri,
            metric_name="best_val_age_mae",
            create_experiment=False,
            mlflow_kwargs={"experiment_id": place.experiment_id, "nested": True},
        )
    study.optimize(_objective, callbacks=[callback, MaxTrialsCallback(TRIALS, None)])


def _objective(trial: optuna.Trial) -> float:
    values = {
        "model.depth": trial.suggest_categorical("depth", [10, 16, 22, 28]),
        "model.widen_factor": trial.suggest_int("widen_factor", 1, 8),
        "optimizer.learning_rate": trial.suggest_float(
            "learning_rate", 1e-3, 0.5, log=True
        ),
    }
    errors: list[float] = []

    def listen(epoch: int, measures: Mapping[str, float]) -> None:
        errors.append(measures["val_age_mae"])
        trial.report(errors[-1], epoch)
        if epoch + 1 < EPOCHS and trial.should_prune():
            raise optuna.TrialPruned

    train(with_values(EXPERIMENT, values), listen)
    return min(errors)


WAYS: Mapping[str, Callable[[Place, str, int], None]] = {"plain": plain, "ours": ours}


def run() -> str:
    """Run each way in turn, several rounds, and return a table."""
    lines = [
        f"a study of {TRIALS} trials over width, depth, learning rate, {_epochs()}"
    ]
    lines.append(
        f"  {'way':<28}{'workers':>8}{'a minute':>10}{'ratio':>8}"
        f"{'s a trial':>11}{'CPU s':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        place = _place(Path(folder))
        for workers in WORKERS:
            lines += _table(workers, _measured(place, workers))
    return "\n".join(lines)


def _epochs() -> str:
    return f"{EPOCHS} epochs of no time, {ROUNDS} rounds"


def _place(folder: Path) -> Place:
    from agegender.tracking.store import (  # noqa: PLC0415
        use_experiment,
        use_tracking_store,
    )

    os.environ.pop("MLFLOW_TRACKING_URI", None)
    uri = use_tracking_store(folder)
    return Place(str(folder), uri, use_experiment(root=folder))


def _measured(place: Place, workers: int) -> dict[str, list[Taken]]:
    taken: dict[str, list[Taken]] = {way: [] for way in WAYS}
    # Where it all happens in this process, lazy imports are nobody's fault.
    for round_ in range(-1 if workers == 1 else 0, ROUNDS):
        for way in WAYS:
            took = _study(place, way, f"{way}-{workers}-{round_}", workers)
            if round_ >= 0:
                taken[way].append(took)
    return taken


def _study(place: Place, way: str, name: str, workers: int) -> Taken:
    began = time.process_time()
    WAYS[way](place, name, workers)
    processor = time.process_time() - began
    study = optuna.load_study(study_name=name, storage=place.storage(way))
    return Taken(_seconds_a_trial(study, workers), processor / TRIALS)


def _seconds_a_trial(study: optuna.Study, workers: int) -> float:
    """Return seconds between the ends of two trials, while all workers are at work.

    How long processes take to start is left out on both sides.
    """
    trials = study.get_trials(deepcopy=False)
    ends = sorted(one.datetime_complete for one in trials if one.datetime_complete)
    if len(ends) < TRIALS:
        raise RuntimeError(f"{study.study_name} has but {len(ends)} trials")
    first, *later = ends[2 * workers - 1 : TRIALS]
    return (later[-1] - first).total_seconds() / len(later)


def _table(workers: int, taken: Mapping[str, list[Taken]]) -> list[str]:
    names = {"plain": "Optuna and MLflowCallback", "ours": "ours"}
    lines = []
    for way, rounds in taken.items():
        seconds = statistics.median(one.seconds for one in rounds)
        pairs = zip(taken["plain"], rounds, strict=True)
        ratio = statistics.median(a.seconds / b.seconds for a, b in pairs)
        processor = statistics.median(one.processor for one in rounds)
        told = f"{processor:>8.3f}" if workers == 1 else ""
        lines.append(
            f"  {names[way]:<28}{workers:>8}{60 / seconds:>10.0f}"
            f"{ratio:>7.2f}x{seconds * workers:>11.3f}{told}"
        )
    return lines


if __name__ == "__main__":
    sys.stdout.write(run() + "\n")
