"""What the network says of a face: a distribution of ages, a probability of male.

Heads compute in float32 whatever the body computes in: a softmax over 101 ages
in bfloat16 would round the expected age to whole years.
"""

from typing import Any

import keras

from agegender.config import MAX_AGE


def age_head(seed: int) -> Any:
    """Return a layer to float32 (N, 101), the probabilities of the ages 0..100."""
    return keras.layers.Dense(
        MAX_AGE + 1,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
        name="age",
    )


def gender_head(seed: int) -> Any:
    """Return a layer to float32 (N, 1), the probability of male."""
    return keras.layers.Dense(
        1,
        activation="sigmoid",
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        dtype="float32",
        name="gender",
    )
