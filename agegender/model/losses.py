"""What training minimises and what it reports.

Targets are float32 (N,): age in years, not rounded, and gender, 0 female, 1 male.
NaN means unlabelled: such a face adds nothing to the loss or to a metric of that
head. All is computed in float32.

Reference: Gao et al., IJCAI 2018; Rothe et al., IJCV 2018.
"""

from typing import Any

import keras
from keras import ops

from agegender.config import MAX_AGE, LossConfig

# Below any probability that float32 softmax gives, yet its inverse is finite.
_LEAST = 1e-30


def losses(config: LossConfig) -> dict[str, keras.losses.Loss]:
    """Return the loss of each head."""
    age = AgeLoss(config.age, config.age_sigma, config.expectation_weight)
    return {"age": age, "gender": GenderLoss()}


def loss_weights(config: LossConfig) -> dict[str, float]:
    """Return the weight of each head's loss."""
    return {"age": 1.0, "gender": config.gender_weight}


def expected_age(probabilities: Any) -> Any:
    """Return the mean of (N, 101) age distributions: float32 (N,), in years."""
    ages = ops.arange(MAX_AGE + 1, dtype="float32")
    return ops.sum(ops.cast(probabilities, "float32") * ages, axis=-1)


def label_distribution(age: Any, sigma: float) -> Any:
    """Return Gaussians around ages, float32 (N, 101), each summing to 1.

    Args:
        age: float32 (N,), in years.
        sigma: Standard deviation, in years.
    """
    ages = ops.arange(MAX_AGE + 1, dtype="float32")
    return ops.softmax(-0.5 * ops.square((ages - age[:, None]) / sigma), axis=-1)


def one_class_a_year(age: Any) -> Any:
    """Return float32 (N, 101), all on the nearest whole age."""
    whole = ops.cast(ops.floor(age + 0.5), "int32")
    return ops.one_hot(ops.clip(whole, 0, MAX_AGE), MAX_AGE + 1, dtype="float32")


def divergence(target: Any, probabilities: Any) -> Any:
    """Return KL(target || probabilities), (N,), in nats."""
    log_ratio = ops.log(ops.maximum(target, _LEAST)) - ops.log(
        ops.maximum(probabilities, _LEAST)
    )
    return ops.sum(target * log_ratio, axis=-1)


def _labelled(truth: Any) -> tuple[Any, Any]:
    """Split targets into float32 (N,) without NaN and a mask, 1 where known."""
    truth = ops.reshape(ops.cast(truth, "float32"), (-1,))
    known = ops.isfinite(truth)
    # Replaced before use: 0 times NaN is NaN, in the gradient too.
    return ops.where(known, truth, 0.0), ops.cast(known, "float32")


@keras.saving.register_keras_serializable(package="agegender")
class AgeLoss(keras.losses.Loss):  # type: ignore[misc]
    """Divergence from the wanted age distribution, plus the error of the mean.

    DEX is `cross_entropy` with an expectation weight of 0.

    Args:
        target: `label_distribution` or `cross_entropy`.
        sigma: Width of the label distribution, in years.
        expectation_weight: Weight of |expected age - age|, per year.
    """

    def __init__(
        self,
        target: str = "label_distribution",
        sigma: float = 2.0,
        expectation_weight: float = 0.3,
        **loss: Any,
    ) -> None:
        super().__init__(**{"name": "age_loss", **loss})
        self.target = target
        self.sigma = sigma
        self.expectation_weight = expectation_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each face, float32 (N,)."""
        age, known = _labelled(y_true)
        probabilities = ops.cast(y_pred, "float32")
        wanted = (
            one_class_a_year(age)
            if self.target == "cross_entropy"
            else label_distribution(age, self.sigma)
        )
        error = ops.abs(expected_age(probabilities) - age)
        shape = divergence(wanted, probabilities)
        return known * (shape + self.expectation_weight * error)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal loss."""
        own = ("target", "sigma", "expectation_weight")
        return super().get_config() | {name: getattr(self, name) for name in own}


@keras.saving.register_keras_serializable(package="agegender")
class GenderLoss(keras.losses.Loss):  # type: ignore[misc]
    """Binary cross-entropy, in nats."""

    def __init__(self, **loss: Any) -> None:
        super().__init__(**{"name": "gender_loss", **loss})

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each face, float32 (N,)."""
        gender, known = _labelled(y_true)
        male = ops.reshape(ops.cast(y_pred, "float32"), (-1,))
        return known * ops.binary_crossentropy(gender, male)
