"""What happens around each step and each epoch of a training."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from agegender.data.batches import FaceBatches
from agegender.errors import AgeGenderError
from agegender.progress import Progress
from agegender.train.checkpoint import Checkpoint
from agegender.train.course import Course

EpochListener = Callable[[int, Mapping[str, float]], None]
"""Called as (epoch, measures) at the end of each epoch, counted from 0."""

_RENAMED = {"age_cs5": "cs5", "gender_labelled_loss": "gender_loss"}


class DivergedError(AgeGenderError):
    """The loss is no longer a number."""


class FreshOrder(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives each epoch an order of the faces that follows from its number alone.

    How often Keras tells a data set that an epoch has ended differs between its
    backends and releases; a training that goes on later must not depend on it.

    Args:
        batches: The training faces.
    """

    def __init__(self, batches: FaceBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw the epoch's order, before Keras asks for its first batch."""
        del logs
        self._batches.epoch = epoch - 1
        self._batches.on_epoch_end()


class EpochWatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports steps and epochs, keeps the best weights, stops when told to.

    Args:
        network: Whose weights are kept; what is trained may hold others beside.
        course: Grows with each epoch.
        listeners: Called at the end of each epoch; what they raise ends training.
        progress: Called as steps are made.
        faces_per_step: Training faces a step.
        patience: Epochs without a better validation MAE before stopping; 0: never.
        untold: How the measures begin that no label says anything of. Keras makes
            them 0, which would look like a figure: they are left out.
        checkpoint: Where to keep the state after each epoch.
    """

    # Keras may then tell of a step's end later, from another thread, instead of
    # waiting for the device each time. What is seen there is acted on in the main
    # thread, when the next step begins.
    async_safe = True

    def __init__(
        self,
        network: keras.Model,
        course: Course,
        listeners: Sequence[EpochListener],
        progress: Progress,
        faces_per_step: int,
        patience: int,
        untold: tuple[str, ...] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        super().__init__()
        self._network = network
        self._course = course
        self._listeners = listeners
        self._progress = progress
        self._faces = faces_per_step
        self._patience = patience
        self._untold = untold
        self._checkpoint = checkpoint
        self._epoch = 0
        self._loss: float | None = None
        self._began = 0.0
        self._ended: dict[int, float] = {}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        del logs
        self._epoch, self._began, self._ended = epoch, time.perf_counter(), {}

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Report the steps made; stop if the loss is lost."""
        del logs
        if batch > 0:
            self._report(batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note a step's loss and when it was known."""
        self._loss = logs["loss"]
        self._ended[batch] = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        """Report the epoch's last step."""
        del logs
        self._report(self.params["steps"])

    def on_test_end(self, logs: Any = None) -> None:
        """Keep the weights just validated if they are the best."""
        self._course.keep_best(self._epoch, logs["age_mae"], self._network)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the epoch's state, then tell the listeners."""
        told = {n: x for n, x in logs.items() if not n.startswith(self._untold)}
        measures = _renamed(told)
        self._require_finite(measures["loss"])
        # Where nothing is chosen by them, validation faces are not looked at, and the
        # epoch's last step has not been reported.
        if "val_loss" in measures:
            self._require_finite(measures["val_loss"])
        else:
            self._report(self.params["steps"])
        measures["learning_rate"] = float(self.model.optimizer.learning_rate)
        measures["faces_per_second"] = self._speed()
        measures["epoch_seconds"] = time.perf_counter() - self._began
        self._course.rows.append(measures)
        if self._course.is_over(self.params["epochs"], self._patience):
            self.model.stop_training = True
        if self._checkpoint is not None:
            self._checkpoint.write(self._network, self.model.optimizer, self._course)
        for listener in self._listeners:
            listener(epoch, measures)

    def _report(self, steps_made: int) -> None:
        steps, epochs = self.params["steps"], self.params["epochs"]
        what = f"epoch {self._epoch + 1}/{epochs}"
        if self._loss is not None:
            self._require_finite(self._loss)
            what += f" loss {self._loss:.2f}"
        self._progress(self._epoch * steps + steps_made, epochs * steps, what)

    def _speed(self) -> float:
        """Return training faces a second, without the first step, which compiles."""
        first, last = self._ended[min(self._ended)], self._ended[max(self._ended)]
        if len(self._ended) == 1:
            return self._faces / (last - self._began)
        return self._faces * (len(self._ended) - 1) / (last - first)

    def _require_finite(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss became {loss} in epoch {self._epoch + 1}. "
                "Try a lower optimizer.learning_rate."
            )


def _renamed(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return Keras' figures under our names, ours instead of its of the same name."""
    measures = {name: float(x) for name, x in logs.items()}
    for side in ("", "val_"):
        for theirs, ours in _RENAMED.items():
            if side + theirs in measures:
                measures[side + ours] = measures.pop(side + theirs)
    return measures
