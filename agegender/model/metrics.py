"""What is reported of each epoch: years off, share within five, genders right.

Reference: Geng et al., TPAMI 2007 (cumulative score).
"""

from typing import Any

import keras
from keras import ops

from agegender.config import LossConfig
from agegender.model.losses import expected_age, gender_cross_entropy, labelled


def metrics() -> dict[str, list[keras.metrics.Metric]]:
    """Return the metrics of each head; Keras puts the head's name before theirs."""
    return {
        "age": [MeanAbsoluteError(name="mae"), CumulativeScore(name="cs5")],
        "gender": [Accuracy(name="accuracy")],
    }


def weighted_metrics(config: LossConfig) -> dict[str, list[keras.metrics.Metric]]:
    """Return the metrics of each head in which faces have the weights they train with.

    Keras' own figure of the gender loss is a mean over all faces, so that it falls
    with the share of faces of unknown gender, which add nothing. It stays what is
    minimised: a face of known gender then pulls as hard in every batch.
    """
    return {"gender": [GenderCrossEntropy(config.gender_smoothing)]}


class _LabelledMean(keras.metrics.Mean):  # type: ignore[misc]
    """Mean of `measure` over the faces whose label is known (not NaN)."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Add a batch, faces weighing the same unless `sample_weight` is given."""
        truth, known = labelled(y_true)
        if sample_weight is not None:
            known = known * ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
        return super().update_state(self.measure(truth, y_pred), sample_weight=known)

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


@keras.saving.register_keras_serializable(package="agegender")
class GenderCrossEntropy(_LabelledMean):
    """The gender loss of the faces whose gender is known, in nats.

    Args:
        smoothing: As of the loss.
    """

    def __init__(self, smoothing: float = 0.0, **metric: Any) -> None:
        super().__init__(**{"name": "labelled_loss", **metric})
        self.smoothing = smoothing

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return the loss of each face."""
        return gender_cross_entropy(truth, prediction, self.smoothing)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal metric."""
        return super().get_config() | {"smoothing": self.smoothing}
