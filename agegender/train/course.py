"""How a training went so far: its curve, and the best weights on it."""

import math
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass
class Course:
    """What has been measured, and the weights of the best epoch.

    Args:
        rows: Measures of each epoch, in order.
        best_epoch: With the lowest validation error, counted from 0.
        best_error: That error, in years.
        best_weights: The weights of that epoch, as the model lists them.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_error: float = math.inf
    best_weights: list[NDArray[Any]] = field(default_factory=list)

    def keep_best(self, epoch: int, error: float, model: keras.Model) -> None:
        """Keep the model's weights if no epoch before had as low an error."""
        if error < self.best_error:
            self.best_epoch, self.best_error = epoch, error
            self.best_weights = [np.asarray(one) for one in model.get_weights()]

    def is_over(self, epochs: int, patience: int) -> bool:
        """Tell whether training has come to its end.

        Args:
            epochs: Passes wanted.
            patience: Epochs without a better one before stopping; 0: never.
        """
        last = len(self.rows) - 1
        return last + 1 >= epochs or 0 < patience <= last - self.best_epoch

    def history(self) -> pd.DataFrame:
        """Return what was measured, one row an epoch."""
        return pd.DataFrame(self.rows).rename_axis("epoch")
