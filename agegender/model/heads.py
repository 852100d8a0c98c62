"""What the network says of a face: a distribution of ages, a probability of male.

Heads compute in float32 whatever the body computes in: a softmax over 101 ages
in bfloat16 would round the expected age to whole years. Whatever the head, its
answer is a distribution over the ages, so that losses, export and prediction
need not know which one it was.

A probability that is wholly wrong is rounded to 0, and no gradient passes its
logarithm: a head that once went that far would stay there. In training, scores are
therefore kept within reach of each other, and gradients pass as if they were not;
nothing else is changed by that (docs/decisions/0008-wrong-beyond-reach.md).
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import keras
from keras import ops

from agegender.config import MAX_AGE

HEADS: Final = frozenset({"age", "age_steps", "gender", "both_genders"})
"""Layers that may answer in another way in a network of the same body."""

# In nats. No age gets so unlikely that `losses` would take another number for it, no
# gender so likely that float32 would round the other's probability to 0.
_AGE_REACH, _GENDER_REACH = 60.0, 15.0


def age_head(features: Any, kind: str, seed: int) -> Any:
    """Return float32 (N, 101), the probabilities of the ages 0..100.

    Args:
        features: float32 (N, k).
        kind: `softmax` or `ordinal`.
        seed: Of the first weights.
    """
    if kind == "softmax":
        return _head("age", MAX_AGE + 1, seed, "softmax")(features)
    # Every age starts out as likely as every other; with zeros, age 50 would have
    # a chance of 2 to the -50.
    even = [math.log(MAX_AGE - age) for age in range(MAX_AGE)]
    scores = _head("age_steps", MAX_AGE, seed, bias=even)(features)
    return StepsToAges(dtype="float32", name="age")(scores)


def gender_head(features: Any, pooling: str, seed: int) -> Any:
    """Return float32 (N, 1), the probability of male.

    Args:
        features: float32 (N, k).
        pooling: `original` has one output for each gender, as that experiment had.
        seed: Of the first weights.
    """
    if pooling != "original":
        return _head("gender", 1, seed, "sigmoid")(features)
    both = _head("both_genders", 2, seed, "softmax")(features)
    return SecondOfTwo(dtype="float32", name="gender")(both)


@keras.saving.register_keras_serializable(package="agegender")
class Probabilities(keras.layers.Dense):  # type: ignore[misc]
    """A dense layer with softmax or sigmoid that learns from whatever it answered."""

    def call(self, features: Any, training: bool | None = None) -> Any:
        """Return float32 (N, units), probabilities, from float32 (N, k)."""
        if not training:
            return super().call(features)
        scores = ops.matmul(features, self.kernel) + self.bias
        if self.units == 1:
            near = ops.clip(scores, -_GENDER_REACH, _GENDER_REACH)
        else:
            reach = _GENDER_REACH if self.units == 2 else _AGE_REACH
            likeliest = ops.max(scores, axis=-1, keepdims=True)
            near = ops.maximum(scores, likeliest - reach)
        return self.activation(_valued(scores, near))


@keras.saving.register_keras_serializable(package="agegender")
class StepsToAges(keras.layers.Layer):  # type: ignore[misc]
    """Turn scores of single steps into probabilities of ages.

    Score k, of 100, is the logit of being older than k, given not younger than k.
    An age's probability is that of passing all steps before it and not its own,
    summed in logarithms, since a product of a hundred factors would underflow.

    Reference: Shi et al., Pattern Analysis and Applications 2023 (CORN).
    """

    def call(self, scores: Any, training: bool | None = None) -> Any:
        """Return float32 (N, 101) from float32 (N, 100)."""
        passed = ops.cumsum(ops.log_sigmoid(scores), axis=-1)
        stopped = ops.log_sigmoid(-scores)
        logs = ops.pad(passed, ((0, 0), (1, 0))) + ops.pad(stopped, ((0, 0), (0, 1)))
        if training:
            logs = _valued(logs, ops.maximum(logs, -_AGE_REACH))
        return ops.exp(logs)

    def compute_output_shape(self, scores_shape: tuple[int | None, ...]) -> Any:
        """Return the shape of the ages."""
        return (scores_shape[0], MAX_AGE + 1)


@keras.saving.register_keras_serializable(package="agegender")
class SecondOfTwo(keras.layers.Layer):  # type: ignore[misc]
    """Take the second of two probabilities: float32 (N, 1) from (N, 2)."""

    def call(self, both: Any) -> Any:
        """Return the second column."""
        return both[:, 1:]

    def compute_output_shape(self, both_shape: tuple[int | None, ...]) -> Any:
        """Return the shape of one column."""
        return (both_shape[0], 1)


def _valued(scores: Any, values: Any) -> Any:
    """Return other values for scores, through which gradients pass as if unchanged."""
    return scores + ops.stop_gradient(values - scores)


def _head(
    name: str,
    width: int,
    seed: int,
    activation: str | None = None,
    bias: Sequence[float] = (0.0,),
) -> Any:
    kind = Probabilities if activation else keras.layers.Dense
    return kind(
        width,
        activation=activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        bias_initializer=keras.initializers.Constant(list(bias)),
        dtype="float32",
        name=name,
    )
