"""Trainings that were begun and not finished, found again by what they are.

A training is its experiment, its data and the program that runs it. Their hash
names a folder, so that the same command finds what it left when it was killed, and
any other command does not. One process at a time: a second one with the same
command would only repeat the first one's work.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras

from agegender.config import Experiment
from agegender.errors import DataError
from agegender.lock import only_writer
from agegender.train.checkpoint import Checkpoint
from agegender.train.precision import accelerator, dtype_policy

KEY_LENGTH = 16
LONGEST_NAME = 40


@dataclass(frozen=True)
class Unfinished:
    """What a training leaves behind until it is finished.

    Args:
        folder: Holds its state, and the id of the run that it is recorded in.
    """

    folder: Path

    @property
    def checkpoint(self) -> Checkpoint:
        """Return where its state is kept."""
        return Checkpoint(self.folder / "state.npz")

    @property
    def run_id(self) -> str | None:
        """Return the run that it was recorded in, or None if it is new."""
        try:
            return self._note.read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def begin(self, run_id: str) -> None:
        """Remember the run that it is recorded in.

        Raises:
            DataError: If that cannot be written.
        """
        part = self.folder / ".run.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_text(run_id, encoding="ascii")
            part.replace(self._note)
        except OSError as error:
            raise DataError(
                f"{self.folder} cannot be written: {error.strerror or error}. "
                "Make room, or name another folder by --checkpoints."
            ) from error

    def forget(self) -> None:
        """Remove all of it: the training is finished, or will never be."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _note(self) -> Path:
        return self.folder / "run.txt"


@contextmanager
def unfinished(folder: Path, key: str) -> Iterator[Unfinished]:
    """Hold what a training left, to the exclusion of other processes.

    Args:
        folder: Where unfinished trainings are kept.
        key: Of the training, from `training_key`.

    Yields:
        What is there of it; new where nothing is.

    Raises:
        DataError: If another process is at this training now.
    """
    place = folder / key
    with only_writer(place):
        yield Unfinished(place)


def training_key(experiment: Experiment, *further: str) -> str:
    """Return a name for all that decides what a training computes.

    Args:
        experiment: What is trained; what a search would vary does not count.
        further: What decides it, too: hashes of the data and of earlier networks,
            the release of the program, the number of devices.
    """
    settings = {k: v for k, v in experiment.to_dict().items() if k != "search"}
    policy = dtype_policy(experiment.training.precision)
    program = [keras.version(), keras.backend.backend(), accelerator(), policy]
    whole = json.dumps([settings, program, further], sort_keys=True)
    digest = hashlib.sha256(whole.encode()).hexdigest()[:KEY_LENGTH]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", experiment.name)[:LONGEST_NAME]
    return f"{name}-{digest}"
