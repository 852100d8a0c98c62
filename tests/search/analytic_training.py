"""Trainings that take no time: the error is a known function of the settings.

A module of its own, since worker processes import what they run by name.
"""

import contextlib
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agegender.config import (
    Experiment,
    ParameterSpace,
    SearchConfig,
    TrainingConfig,
)
from agegender.search import TrialRecord, run_study
from agegender.search.models import SaveModel
from agegender.search.trial import EpochListener, State

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


@dataclass(frozen=True)
class Save:
    """Writes what stands for a trained network."""

    text: str

    def __call__(self, folder: Path) -> None:
        """Write it."""
        (folder / "network.txt").write_text(self.text)


def final_error(settings: Experiment) -> float:
    """Return the error after the last epoch, lowest at rate 0.03, width 8."""
    rate = abs(math.log10(settings.optimizer.learning_rate / 0.03))
    return 5.0 + 2.0 * rate + (8 - settings.model.widen_factor) / 4.0


def width(settings: Experiment) -> float:
    """Return what a network costs: its width, and nothing else."""
    return float(settings.model.widen_factor)


def train(settings: Experiment, listener: EpochListener) -> Save:
    """Approach the final error; the last epoch is not the best."""
    epochs = settings.training.epochs
    for epoch in range(epochs - 1):
        left = 3.0 * (epochs - 2 - epoch)
        listener(epoch, {"val_age_mae": final_error(settings) + left})
    listener(epochs - 1, {"val_age_mae": final_error(settings) + 0.5})
    return Save(f"{final_error(settings)}")


def train_and_write_process(settings: Experiment, listener: EpochListener) -> Save:
    """Train, and leave the process id and its threads behind."""
    time.sleep(0.2)
    threads = os.environ["OMP_NUM_THREADS"]
    Path(f"process-{os.getpid()}").write_text(threads)
    return train(settings, listener)


def train_and_write_gpu(settings: Experiment, listener: EpochListener) -> None:
    """Train, long enough for another worker to do so too; tell which GPU is seen."""
    time.sleep(1.0)
    Path(f"gpu-{os.environ['CUDA_VISIBLE_DEVICES']}").touch()
    train(settings, listener)


def die(settings: Experiment, listener: EpochListener) -> None:
    """End the process as the kernel does where memory runs out."""
    del settings, listener
    os._exit(9)


@dataclass(frozen=True)
class FileTracker:
    """Writes what it is told, one line each, to a file, and networks beside it."""

    path: str

    def start(self, number: int, experiment: Experiment) -> TrialRecord:
        """Open a record."""
        return FileRecord(self.path, number, experiment.model.widen_factor)

    def best(self, attributes: Mapping[str, str]) -> None:
        """Note which is the best so far."""
        number = attributes["run_id"].removeprefix("run-")
        with Path(self.path).open("a") as file:
            file.write(f"{number} best\n")

    def close_orphans(self, running: Callable[[], Collection[int]]) -> None:
        """Note which trials are not over."""
        with Path(self.path).open("a") as file:
            file.write(f"running {sorted(running())}\n")

    def models(self) -> list[Mapping[str, str]]:
        """Return whose networks are there."""
        kept = Path(self.path).parent.glob("model-*")
        return [{"run_id": folder.name.replace("model", "run")} for folder in kept]

    def drop_model(self, attributes: Mapping[str, str]) -> None:
        """Remove one; another worker may be at it, too."""
        folder = attributes["run_id"].replace("run", "model")
        shutil.rmtree(Path(self.path).with_name(folder), ignore_errors=True)


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

    def keep(self, save: SaveModel) -> None:
        """Keep a network."""
        folder = Path(self.path).with_name(f"model-{self.number}")
        folder.mkdir()
        save(folder)

    def end(self, state: State, value: float | None, reason: str) -> None:
        """Note the end."""
        del reason
        self._write(f"end {state} {'none' if value is None else f'{value:.3f}'}")

    def _write(self, line: str) -> None:
        with Path(self.path).open("a") as file:
            file.write(f"{self.number} {line}\n")


def die_at_the_first_rate(settings: Experiment, listener: EpochListener) -> None:
    """Train, but at the first rate of all end as on a machine that is overfull."""
    rate = settings.optimizer.learning_rate
    with contextlib.suppress(FileExistsError), Path("deadly").open("x") as file:
        file.write(f"{rate}")
    while not (deadly := Path("deadly").read_text()):
        time.sleep(0.01)
    if float(deadly) == rate:
        os.kill(os.getpid(), signal.SIGKILL)
    train(settings, listener)


class ResourceExhaustedError(Exception):
    """As TensorFlow raises it."""


def run_out_of_memory_when_wide(settings: Experiment, listener: EpochListener) -> None:
    """Train narrow networks."""
    if settings.model.widen_factor >= 6:
        message = "no room for a tensor of shape [64,64]\nDetected at node X"
        raise ResourceExhaustedError(message)
    train(settings, listener)


def hang_after_two(settings: Experiment, listener: EpochListener) -> None:
    """Train twice, then tell of an epoch and never end."""
    for name in ("first", "second"):
        with contextlib.suppress(FileExistsError):
            Path(name).touch(exist_ok=False)
            train(settings, listener)
            return
    listener(0, {"val_age_mae": 9.0})
    sys.stdout.write(f"hanging {os.getpid()}\n")
    sys.stdout.flush()
    time.sleep(120)


def hang_twice(settings: Experiment, listener: EpochListener) -> None:
    """Train, but the first two of all tell of an epoch and never end."""
    for name in ("one", "two"):
        with contextlib.suppress(FileExistsError):
            Path(name).touch(exist_ok=False)
            listener(0, {"val_age_mae": 9.0})
            sys.stdout.write(f"hanging {os.getpid()}\n")
            sys.stdout.flush()
            time.sleep(120)
    train(settings, listener)


def train_a_while(settings: Experiment, listener: EpochListener) -> None:
    """Train, long enough for others to begin a trial too."""
    time.sleep(0.1)
    train(settings, listener)


def train_through_a_restart(settings: Experiment, listener: EpochListener) -> Save:
    """Train for some seconds; say so at once, and only once."""
    with contextlib.suppress(FileExistsError):
        Path("under way").touch(exist_ok=False)
    for epoch in range(settings.training.epochs):
        time.sleep(0.5)
        listener(epoch, {"val_age_mae": final_error(settings)})
    return Save(f"{final_error(settings)}")


TRAININGS = {
    "hang": hang_after_two,
    "hang twice": hang_twice,
    "run": train_a_while,
}


def main() -> None:
    """Run 6 trials; `hang` has to be killed by a test."""
    storage, what, workers = sys.argv[1:]
    result = run_study(
        experiment("random"),
        TRAININGS[what],
        storage=storage,
        study_name="s",
        trials=6,
        tracker=FileTracker(f"{what}.log"),
        workers=int(workers),
    )
    sys.stdout.write(f"{result.count('complete')} complete\n")


if __name__ == "__main__":
    main()
