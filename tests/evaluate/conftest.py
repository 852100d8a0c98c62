"""Drawn predictions, good enough to be told from guessing."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

Drawn = tuple[NDArray[np.float32], NDArray[np.float32], pd.DataFrame]
Draw = Callable[..., Drawn]


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Return a function that draws predictions and labels of n faces."""

    def drawn(n: int, *, seed: int = 0, noise: float = 6.0, people: int = 0) -> Drawn:
        rng = np.random.default_rng(seed)
        age = np.clip(rng.gamma(5.0, 7.0, n).round(), 1, 99)
        gender = rng.integers(0, 2, n)
        guess = np.clip(age + rng.normal(0.0, noise, n), 0, 100)
        ages = np.exp(-0.5 * ((np.arange(101) - guess[:, None]) / 4.0) ** 2)
        ages /= ages.sum(axis=1, keepdims=True)
        male = 1.0 / (1.0 + np.exp(-(4.0 * (gender - 0.5) + rng.normal(0, 1.5, n))))
        identity = rng.integers(0, people, n) if people else np.arange(n)
        labels = pd.DataFrame(
            {"age": age, "gender": gender, "identity": identity.astype(str)}
        )
        return ages.astype(np.float32), male.astype(np.float32), labels

    return drawn


def certain(ages: list[int]) -> NDArray[np.float32]:
    """Return distributions that are sure of the given ages."""
    return np.eye(101, dtype=np.float32)[ages]


@pytest.fixture(name="certain")
def _certain() -> Callable[[list[int]], NDArray[np.float32]]:
    return certain
