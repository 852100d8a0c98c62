"""What training minimises and what it reports.

Targets are float32 (N,): age in years, not rounded, and gender, 0 female, 1 male.
NaN means unlabelled: such a face adds nothing to the loss or to a metric of that
head. Faces mixed of two have (N, 3): both labels and the share of the first; what
they cost is what each label costs, by share. All is computed in float32.

Reference: Gao et al., IJCAI 2018; Rothe et al., IJCV 2018; Pan et al., CVPR 2018;
Zhang et al., ICLR 2018 (mixup).
"""

from typing import Any

import keras
from keras import ops

from agegender.config import MAX_AGE, LossConfig

# Below any probability that float32 softmax gives, yet its inverse is finite.
_LEAST = 1e-30


def losses(config: LossConfig) -> dict[str, keras.losses.Loss]:
    """Return the loss of each head."""
    return {"age": age_loss(config), "gender": GenderLoss(config.gender_smoothing)}


def age_loss(config: LossConfig) -> keras.losses.Loss:
    """Return the loss of the ages."""
    if config.age == "mean_variance":
        return MeanVarianceLoss(
            config.mean_weight, config.variance_weight, config.age_smoothing
        )
    return AgeLoss(
        config.age, config.age_sigma, config.expectation_weight, config.age_smoothing
    )


def loss_weights(config: LossConfig, taught: bool = False) -> dict[str, float]:
    """Return the weight of each head's loss.

    Args:
        config: The gender's weight, and the teachers'.
        taught: Whether there are teachers, who leave the labels the rest.
    """
    share = 1.0 - config.teacher_weight if taught else 1.0
    return {"age": share, "gender": share * config.gender_weight}


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


def smoothed(target: Any, share: float) -> Any:
    """Spread a share, 0..1, of distributions (N, k) evenly over all k classes."""
    return (1.0 - share) * target + share / target.shape[-1]


def cross_entropy(target: Any, probabilities: Any) -> Any:
    """Return the mean of -log probabilities under target, (N,), in nats."""
    return -ops.sum(target * ops.log(ops.maximum(probabilities, _LEAST)), axis=-1)


def divergence(target: Any, probabilities: Any) -> Any:
    """Return KL(target || probabilities), (N,), in nats."""
    return cross_entropy(target, probabilities) - cross_entropy(target, target)


def labelled(truth: Any) -> list[tuple[Any, Any]]:
    """Return the labels that faces answer to, and how much each of them counts.

    Args:
        truth: float32 (N,) or (N, 1), a label a face; or (N, 3), two labels and the
            share of the first, 0..1.

    Returns:
        One pair, or two, of labels (N,) without NaN and their shares (N,), 0 where
        the label is not known; all float32.
    """
    truth = ops.cast(truth, "float32")
    if len(truth.shape) < 2 or truth.shape[-1] != 3:
        return [_known(ops.reshape(truth, (-1,)))]
    share, _ = _known(truth[:, 2])
    (first, first_known), (second, second_known) = map(
        _known, (truth[:, 0], truth[:, 1])
    )
    return [(first, share * first_known), (second, (1.0 - share) * second_known)]


def _known(label: Any) -> tuple[Any, Any]:
    known = ops.isfinite(label)
    # Replaced before use: 0 times NaN is NaN, in the gradient too.
    return ops.where(known, label, 0.0), ops.cast(known, "float32")


def gender_cross_entropy(gender: Any, male: Any, smoothing: float) -> Any:
    """Return the binary cross-entropy of each face, float32 (N,), in nats.

    Args:
        gender: float32 (N,), 0 or 1.
        male: (N,) or (N, 1), probability of male.
        smoothing: Share of the wanted gender spread over both, 0..1.
    """
    wanted = (1.0 - smoothing) * gender + 0.5 * smoothing
    male = ops.reshape(ops.cast(male, "float32"), (-1,))
    return ops.binary_crossentropy(wanted, male)


class _LabelledLoss(keras.losses.Loss):  # type: ignore[misc]
    """What `cost` says of each label, by its share, 0 where it is not known."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each face, float32 (N,)."""
        return sum(
            share * self.cost(label, y_pred) for label, share in labelled(y_true)
        )

    def cost(self, label: Any, answer: Any) -> Any:
        """Return the cost of each answer, float32 (N,), for labels, (N,)."""
        raise NotImplementedError


@keras.saving.register_keras_serializable(package="agegender")
class AgeLoss(_LabelledLoss):
    """Distance from the wanted age distribution, plus the error of the mean.

    DEX is `cross_entropy` with an expectation weight of 0.

    Args:
        target: `label_distribution` (divergence from it) or `cross_entropy`.
        sigma: Width of the label distribution, in years.
        expectation_weight: Weight of |expected age - age|, per year.
        smoothing: Share of the target spread evenly over all ages, 0..1.
    """

    def __init__(
        self,
        target: str = "label_distribution",
        sigma: float = 2.0,
        expectation_weight: float = 0.3,
        smoothing: float = 0.0,
        **loss: Any,
    ) -> None:
        super().__init__(**{"name": "age_loss", **loss})
        self.target = target
        self.sigma = sigma
        self.expectation_weight = expectation_weight
        self.smoothing = smoothing

    def cost(self, label: Any, answer: Any) -> Any:
        """Return the cost of each distribution, (N, 101), for ages, (N,)."""
        probabilities = ops.cast(answer, "float32")
        if self.target == "cross_entropy":
            wanted = smoothed(one_class_a_year(label), self.smoothing)
            shape = cross_entropy(wanted, probabilities)
        else:
            wanted = smoothed(label_distribution(label, self.sigma), self.smoothing)
            shape = divergence(wanted, probabilities)
        error = ops.abs(expected_age(probabilities) - label)
        return shape + self.expectation_weight * error

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal loss."""
        own = ("target", "sigma", "expectation_weight", "smoothing")
        return super().get_config() | {name: getattr(self, name) for name in own}


@keras.saving.register_keras_serializable(package="agegender")
class MeanVarianceLoss(_LabelledLoss):
    """Cross-entropy, plus half the squared error of the mean, plus the variance.

    Args:
        mean_weight: Weight of half the squared error of the expected age.
        variance_weight: Weight of the variance of the answered distribution.
        smoothing: Share of the target spread evenly over all ages, 0..1.

    Reference: Pan et al., CVPR 2018.
    """

    def __init__(
        self,
        mean_weight: float = 0.2,
        variance_weight: float = 0.05,
        smoothing: float = 0.0,
        **loss: Any,
    ) -> None:
        super().__init__(**{"name": "age_loss", **loss})
        self.mean_weight = mean_weight
        self.variance_weight = variance_weight
        self.smoothing = smoothing

    def cost(self, label: Any, answer: Any) -> Any:
        """Return the cost of each distribution, (N, 101), for ages, (N,)."""
        probabilities = ops.cast(answer, "float32")
        mean = expected_age(probabilities)
        surprise = cross_entropy(
            smoothed(one_class_a_year(label), self.smoothing), probabilities
        )
        error = 0.5 * ops.square(mean - label)
        spread = _variance(probabilities, mean)
        return surprise + self.mean_weight * error + self.variance_weight * spread

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal loss."""
        own = ("mean_weight", "variance_weight", "smoothing")
        return super().get_config() | {name: getattr(self, name) for name in own}


def _variance(probabilities: Any, mean: Any) -> Any:
    """Return the variance of each age distribution, float32 (N,), in years²."""
    ages = ops.arange(MAX_AGE + 1, dtype="float32")
    return ops.sum(probabilities * ops.square(ages - mean[:, None]), axis=-1)


@keras.saving.register_keras_serializable(package="agegender")
class GenderLoss(_LabelledLoss):
    """Binary cross-entropy, in nats.

    Args:
        smoothing: Share of the wanted gender spread evenly over both, 0..1.
    """

    def __init__(self, smoothing: float = 0.0, **loss: Any) -> None:
        super().__init__(**{"name": "gender_loss", **loss})
        self.smoothing = smoothing

    def cost(self, label: Any, answer: Any) -> Any:
        """Return the cost of each probability of male, for genders, (N,)."""
        return gender_cross_entropy(label, answer, self.smoothing)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal loss."""
        return super().get_config() | {"smoothing": self.smoothing}
