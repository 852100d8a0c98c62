"""What is reported of each epoch: years off, share within five, genders right.

Reference: Geng et al., TPAMI 2007 (cumulative score).
"""

from typing import Any

import keras
from keras import ops

from agegender.model.losses import expected_age


def metrics() -> dict[str, list[keras.metrics.Metric]]:
    """Return the metrics of each head; Keras puts the head's name before theirs."""
    return {
        "age": [MeanAbsoluteError(name="mae"), CumulativeScore(name="cs5")],
        "gender": [Accuracy(name="accuracy")],
    }


class _LabelledMean(keras.metrics.Mean):  # type: ignore[misc]
    """Mean of `measure` over the faces whose label is known (not NaN)."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Add a batch; `sample_weight` is not used."""
        del sample_weight
        truth = ops.reshape(ops.cast(y_true, "float32"), (-1,))
        known = ops.isfinite(truth)
        values = self.measure(ops.where(known, truth, 0.0), y_pred)
        weights = ops.cast(known, "float32")
        return super().update_state(values, sample_weight=weights)

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return one value a face, (N,)."""
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="agegender")
class MeanAbsoluteError(_LabelledMean):
    """Mean of |expected age - age|, in years."""

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return the error of each face, in years."""
        return ops.abs(expected_age(prediction) - truth)


@keras.saving.register_keras_serializable(package="agegender")
class CumulativeScore(_LabelledMean):
    """Share of faces at most five years off, 0..1."""

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return 1 for each face within five years, else 0."""
        near = ops.abs(expected_age(prediction) - truth) <= 5.0
        return ops.cast(near, "float32")


@keras.saving.register_keras_serializable(package="agegender")
class Accuracy(_LabelledMean):
    """Share of faces whose gender is right, 0..1."""

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return 1 for each right face, else 0."""
        male = ops.reshape(prediction, (-1,)) >= 0.5
        return ops.cast(male == (truth >= 0.5), "float32")
