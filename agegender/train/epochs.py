"""What happens around each step and each epoch of a training."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import pandas as pd

from agegender.errors import AgeGenderError
from agegender.progress import Progress

EpochListener = Callable[[int, Mapping[str, float]], None]
"""Called as (epoch, measures) at the end of each epoch, counted from 0."""

_RENAMED = {"age_cs5": "cs5", "val_age_cs5": "val_cs5"}


class DivergedError(AgeGenderError):
    """The loss is no longer a number."""


class EpochWatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Reports steps and epochs, keeps the best weights, stops when told to.

    Args:
        listeners: Called at the end of each epoch; what they raise ends training.
        progress: Called after each step.
        faces_per_epoch: Training faces an epoch.
        patience: Epochs without a better validation MAE before stopping; 0: never.
        untold: How the measures begin that no label says anything of. Keras makes
            them 0, which would look like a figure: they are left out.
    """

    def __init__(
        self,
        listeners: Sequence[EpochListener],
        progress: Progress,
        faces_per_epoch: int,
        patience: int,
        untold: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self._listeners = listeners
        self._progress = progress
        self._faces = faces_per_epoch
        self._patience = patience
        self._untold = untold
        self._rows: list[dict[str, float]] = []
        self._best_weights: list[Any] = []
        self._best_error = math.inf
        self._epoch = 0
        self._began = self._trained = 0.0
        self.best_epoch = 0

    def history(self) -> pd.DataFrame:
        """Return what was measured, one row an epoch."""
        return pd.DataFrame(self._rows).rename_axis("epoch")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        del logs
        self._epoch, self._began = epoch, time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report a step; stop at once if the loss is lost."""
        loss = logs["loss"]
        self._require_finite(loss)
        steps, epochs = self.params["steps"], self.params["epochs"]
        self._trained = time.perf_counter()
        self._progress(
            self._epoch * steps + batch + 1,
            epochs * steps,
            f"epoch {self._epoch + 1}/{epochs} loss {loss:.2f}",
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the best weights and tell the listeners."""
        measures = {
            _RENAMED.get(name, name): float(x)
            for name, x in logs.items()
            if not name.startswith(self._untold)
        }
        self._require_finite(measures["loss"])
        self._require_finite(measures["val_loss"])
        measures["learning_rate"] = float(self.model.optimizer.learning_rate)
        measures["faces_per_second"] = self._faces / (self._trained - self._began)
        measures["epoch_seconds"] = time.perf_counter() - self._began
        self._rows.append(measures)
        if measures["val_age_mae"] < self._best_error:
            self._best_error, self.best_epoch = measures["val_age_mae"], epoch
            self._best_weights = self.model.get_weights()
        if 0 < self._patience <= epoch - self.best_epoch:
            self.model.stop_training = True
        for listener in self._listeners:
            listener(epoch, measures)

    def on_train_end(self, logs: Any = None) -> None:
        """Put the best epoch's weights back."""
        del logs
        if self._best_weights:
            self.model.set_weights(self._best_weights)

    def _require_finite(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise DivergedError(
                f"the loss became {loss} in epoch {self._epoch + 1}. "
                "Try a lower optimizer.learning_rate."
            )
