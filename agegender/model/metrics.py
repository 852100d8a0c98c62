"""What is reported of each epoch: years off, share within five, genders right.

Reference: Geng et al., TPAMI 2007 (cumulative score).
"""

from typing import Any

import keras
from keras import ops

from agegender.config import MAX_AGE, LossConfig, Point
from agegender.model.losses import expected_age, gender_cross_entropy, labelled


def metrics(point: Point = "expectation") -> dict[str, list[keras.metrics.Metric]]:
    """Return the metrics of each head; Keras puts the head's name before theirs.

    Args:
        point: Which age of a distribution is told as the age.
    """
    return {
        "age": [
            MeanAbsoluteError(point, name="mae"),
            CumulativeScore(point, name="cs5"),
        ],
        "gender": [Accuracy(name="accuracy")],
    }


def weighted_metrics(config: LossConfig) -> dict[str, list[keras.metrics.Metric]]:
    """Return the metrics of each head in which faces have the weights they train with.

    Keras' own figure of the gender loss is a mean over all faces, so that it falls
    with the share of faces of unknown gender, which add nothing. It stays what is
    minimised: a face of known gender then pulls as hard in every batch.
    """
    return {"gender": [GenderCrossEntropy(config.gender_smoothing)]}


def told_age(probabilities: Any, point: Point) -> Any:
    """Return what `ages.point_age` does, on the device: float32 (N,), in years.

    Args:
        probabilities: (N, 101), each row summing to 1: the ages 0..100.
        point: Which age of a distribution is told as the age.
    """
    match point:
        case "expectation":
            return expected_age(probabilities)
        case "median":
            return _median(ops.cast(probabilities, "float32"))
        case "mode":
            return ops.cast(ops.argmax(probabilities, axis=-1), "float32")


def _median(probabilities: Any) -> Any:
    below = ops.cumsum(probabilities, axis=-1)
    half = 0.5 * below[:, -1:]
    reached = ops.sum(ops.cast(below < half, "int32"), axis=-1, keepdims=True)
    mass = ops.take_along_axis(probabilities, reached, axis=-1)
    beyond = ops.take_along_axis(below, reached, axis=-1) - half
    ages = ops.cast(reached, "float32") + 0.5 - beyond / mass
    return ops.clip(ops.squeeze(ages, -1), 0.0, MAX_AGE)


class _LabelledMean(keras.metrics.Mean):  # type: ignore[misc]
    """Mean of `measure` over the faces whose label is known (not NaN).

    Faces mixed of two count as both, by share; see `losses.labelled`.
    """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Add a batch, faces weighing the same unless `sample_weight` is given."""
        values, weights = [], []
        for label, share in labelled(y_true):
            values.append(self.measure(label, y_pred))
            weights.append(share)
            if sample_weight is not None:
                weight = ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
                weights[-1] = share * weight
        return super().update_state(
            ops.concatenate(values), sample_weight=ops.concatenate(weights)
        )

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return one value a face, (N,)."""
        raise NotImplementedError


class _OfAges(_LabelledMean):
    """A mean of errors of the age told.

    Args:
        point: Which age of a distribution that is.
    """

    def __init__(self, point: Point = "expectation", **metric: Any) -> None:
        super().__init__(**metric)
        self.point = point

    def error(self, truth: Any, prediction: Any) -> Any:
        """Return |age told - age| of each face, in years."""
        return ops.abs(told_age(prediction, self.point) - truth)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal metric."""
        return super().get_config() | {"point": self.point}


@keras.saving.register_keras_serializable(package="agegender")
class MeanAbsoluteError(_OfAges):
    """Mean of |age told - age|, in years."""

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return the error of each face, in years."""
        return self.error(truth, prediction)


@keras.saving.register_keras_serializable(package="agegender")
class CumulativeScore(_OfAges):
    """Share of faces at most five years off, 0..1."""

    def measure(self, truth: Any, prediction: Any) -> Any:
        """Return 1 for each face within five years, else 0."""
        return ops.cast(self.error(truth, prediction) <= 5.0, "float32")


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
