"""Trainings that take no time: the error is a known function of the settings.

A module of its own, since worker processes import what they run by name.
"""

import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agegender.config import (
    Experiment,
    ParameterSpace,
    SearchConfig,
    TrainingConfig,
)
from agegender.search import Heartbeat, TrialRecord, run_study
from agegender.search.trial import EpochListener, State

QUICK_HEARTBEAT = Heartbeat(interval=1, grace=2)
SPACE = {
    "model.depth": ParameterSpace(choices=[10, 16, 22]),
    "model.widen_factor": ParameterSpace(low=1, high=8),
    "optimizer.learning_rate": ParameterSpace(low=1e-3, high=1.0, log=True),
}


def experiment(
    sampler: str = "tpe",
    pruner: str = "none",
    epochs: int = 4,
    space: Mapping[str, ParameterSpace] = SPACE,
    seed: int = 0,
    cost: str = "none",
) -> Experiment:
    """Return an experiment to search."""
    search = SearchConfig(  # type: ignore[arg-type]
        trials=6, sampler=sampler, pruner=pruner, cost=cost, space=dict(space)
    )
    return replace(
        Experiment(),
        seed=seed,
        training=TrainingConfig(epochs=epochs),
        search=search,
    )


def final_error(settings: Experiment) -> float:
    """Return the error after the last epoch, lowest at rate 0.03, width 8."""
    rate = abs(math.log10(settings.optimizer.learning_rate / 0.03))
    return 5.0 + 2.0 * rate + (8 - settings.model.widen_factor) / 4.0


def width(settings: Experiment) -> float:
    """Return what a network costs: its width, and nothing else."""
    return float(settings.model.widen_factor)


def train(settings: Experiment, listener: EpochListener) -> None:
    """Approach the final error; the last epoch is not the best."""
    epochs = settings.training.epochs
    for epoch in range(epochs - 1):
        left = 3.0 * (epochs - 2 - epoch)
        listener(epoch, {"val_age_mae": final_error(settings) + left})
    listener(epochs - 1, {"val_age_mae": final_error(settings) + 0.5})


def train_and_write_process(settings: Experiment, listener: EpochListener) -> None:
    """Train, and leave the process id and its threads behind."""
    time.sleep(0.2)
    threads = os.environ["OMP_NUM_THREADS"]
    Path(f"process-{os.getpid()}").write_text(threads)
    train(settings, listener)


def die(settings: Experiment, listener: EpochListener) -> None:
    """End the process as the kernel does where memory runs out."""
    del settings, listener
    os._exit(9)


@dataclass(frozen=True)
class FileTracker:
    """Writes what it is told, one line each, to a file."""

    path: str

    def start(self, number: int, experiment: Experiment) -> TrialRecord:
        """Open a record."""
        return FileRecord(self.path, number, experiment.model.widen_factor)

    def best(self, attributes: Mapping[str, str]) -> None:
        """Note which is the best so far."""
        number = attributes["run_id"].removeprefix("run-")
        with Path(self.path).open("a") as file:
            file.write(f"{number} best\n")


@dataclass(frozen=True)
class FileRecord:
    """One trial's lines."""

    path: str
    number: int
    width: int

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return a made-up run id."""
        return {"run_id": f"run-{self.number}"}

    def epoch(self, epoch: int, measures: Mapping[str, float]) -> None:
        """Note an epoch."""
        self._write(f"epoch {epoch} {measures['val_age_mae']:.3f}")

    def cost(self, name: str, value: float) -> None:
        """Note the cost."""
        self._write(f"cost {name} {value:.3f}")

    def end(self, state: State, value: float | None, reason: str) -> None:
        """Note the end."""
        del reason
        self._write(f"end {state} {'none' if value is None else f'{value:.3f}'}")

    def _write(self, line: str) -> None:
        with Path(self.path).open("a") as file:
            file.write(f"{self.number} {line}\n")


def main() -> None:
    """Run 6 trials, the third of which never ends; to be killed by a test."""
    told = [0]

    def train_until_the_third(settings: Experiment, listener: EpochListener) -> None:
        told[0] += 1
        if told[0] == 3:
            listener(0, {"val_age_mae": 9.0})
            sys.stdout.write("hanging\n")
            sys.stdout.flush()
            time.sleep(120)
        train(settings, listener)

    run_study(
        experiment(),
        train_until_the_third,
        storage=sys.argv[1],
        study_name="killed",
        trials=6,
        heartbeat=QUICK_HEARTBEAT,
    )


if __name__ == "__main__":
    main()
