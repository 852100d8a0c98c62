"""Averaged weights: what is validated and chosen where `training.ema` is set.

The optimizer keeps, beside each weight, an average that forgets exponentially.
Batch norm needs statistics that belong to such weights. Its own running mean and
variance look back ten steps, those of the average over hundreds; so they are made
to look back as far. They are still those of the raw weights' activations, as in
the published recipes that average weights and statistics alike; what differs
fades with the learning rate. Measuring them anew would cost a pass over the faces
for each validation.

Reference: Polyak & Juditsky, 1992; Tan & Le, ICML 2019.
"""

from typing import Any

import keras
import numpy as np


def slow_norms(model: keras.Model, ema: float) -> None:
    """Let batch norm's statistics look back as far as the averaged weights.

    Args:
        model: Changed in place, before it is compiled.
        ema: Share that the average keeps of itself a step.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = max(layer.momentum, ema)


class AveragedWeights(keras.callbacks.Callback):  # type: ignore[misc]
    """Shows validation the averaged weights, and puts the raw ones back exactly."""

    def __init__(self) -> None:
        super().__init__()
        self._raw: list[Any] = []

    def on_test_begin(self, logs: Any = None) -> None:
        """Put the averaged weights in."""
        del logs
        weights = self.model.trainable_variables
        self._raw = [keras.ops.convert_to_numpy(weight) for weight in weights]
        self.model.optimizer.finalize_variable_values(weights)
        # Copies: JAX hands the memory of what it has validated to the next step,
        # and the averages have to outlive that.
        for weight in weights:
            weight.assign(np.array(keras.ops.convert_to_numpy(weight)))

    def on_test_end(self, logs: Any = None) -> None:
        """Put the raw weights back."""
        del logs
        weights = self.model.trainable_variables
        for weight, raw in zip(weights, self._raw, strict=True):
            weight.assign(raw)
        self._raw = []
