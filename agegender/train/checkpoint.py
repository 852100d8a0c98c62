"""A training's state in one file, so that it goes on exactly where it stopped.

Written at the end of each epoch: every variable of the network and the optimizer
(weights, statistics of the norms, momenta, averages, the step of the schedule, the
random state of dropout and augmentation), the curve, and the best weights so far.
The order of the faces needs no state: it follows from the seed and the epoch.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from agegender.data.face_file import BROKEN_ARRAYS
from agegender.errors import DataError, first_line
from agegender.train.course import Course
from agegender.whole import part_of

_COURSE = "course"
_UNFIT = (*BROKEN_ARRAYS, TypeError)


class Checkpoint:
    """The file that a training's state is kept in, whole or not at all.

    Args:
        path: Ends in `.npz`; need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(
        self, network: keras.Model, optimizer: keras.Optimizer, course: Course
    ) -> None:
        """Replace the state by that of now.

        Args:
            network: What is learnt.
            optimizer: Of it, built.
            course: How it went so far.

        Raises:
            DataError: If it cannot be written; the state before stays.
        """
        facts = {
            "rows": course.rows,
            "best_epoch": course.best_epoch,
            "best_error": course.best_error,
        }
        arrays = {_COURSE: np.array(json.dumps(facts))}
        for number, variable in enumerate(_variables(network, optimizer)):
            arrays[f"variable{number}"] = keras.ops.convert_to_numpy(variable)
        for number, weights in enumerate(course.best_weights):
            arrays[f"best{number}"] = weights
        try:
            with part_of(self.path) as part, part.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
                file.flush()
                # The name must not outlive the content when the power fails.
                os.fsync(file.fileno())
        except OSError as error:
            raise DataError(
                f"the state of training cannot be kept at {self.path}: "
                f"{error.strerror or error}. Make room and give the same command "
                "again: it goes on from the epoch before."
            ) from error

    def restore(self, network: keras.Model, optimizer: keras.Optimizer) -> Course:
        """Put the kept state into a network and its optimizer.

        Args:
            network: As it was when training began.
            optimizer: Of it, built.

        Returns:
            How it went so far; the start of a course where nothing was kept.

        Raises:
            DataError: If what was kept is not the state of such a training.
        """
        if not self.path.is_file():
            return Course()
        with self._one_line_errors():
            with np.load(self.path, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            facts = json.loads(str(arrays.pop(_COURSE)))
            _assign(_variables(network, optimizer), _listed(arrays, "variable"))
            return Course(best_weights=_listed(arrays, "best"), **facts)

    def epochs(self) -> int:
        """Return how many epochs are done, without reading the weights.

        Raises:
            DataError: If what was kept is not the state of a training.
        """
        if not self.path.is_file():
            return 0
        with self._one_line_errors(), np.load(self.path, allow_pickle=False) as kept:
            return len(json.loads(str(kept[_COURSE]))["rows"])

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except _UNFIT as error:
            raise DataError(
                f"{self.path} is not the state of this training "
                f"({type(error).__name__}: {first_line(error)}). "
                "Delete it to begin anew."
            ) from error


def _variables(network: keras.Model, optimizer: keras.Optimizer) -> list[Any]:
    """Return all that training changes, but for the sums of metrics."""
    sums = {id(variable) for variable in network.metrics_variables}
    own = [variable for variable in network.variables if id(variable) not in sums]
    return own + list(optimizer.variables)


def _listed(arrays: dict[str, NDArray[Any]], kind: str) -> list[NDArray[Any]]:
    names = [name for name in arrays if name.startswith(kind)]
    return [arrays[f"{kind}{number}"] for number in range(len(names))]


def _assign(variables: list[Any], values: list[NDArray[Any]]) -> None:
    shapes = [tuple(variable.shape) for variable in variables]
    kept = [value.shape for value in values]
    if shapes != kept:
        raise ValueError(f"it holds {len(kept)} arrays of other shapes or another kind")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
