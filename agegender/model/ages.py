"""From a distribution of ages to an age and how sure it is. NumPy only."""

import numpy as np
from numpy.typing import NDArray

from agegender.config import Point


def point_age(probabilities: NDArray[np.floating], point: Point) -> NDArray[np.float32]:
    """Return the one age that stands for each age distribution.

    Args:
        probabilities: (N, 101), each row summing to 1: the ages 0..100.
        point: `expectation` (least squared error, if the distribution is right),
            `median` (least absolute error) or `mode` (the likeliest year; the
            youngest of several).

    Returns:
        float32 (N,), in years.
    """
    match point:
        case "expectation":
            return expected_age(probabilities)
        case "median":
            return age_quantile(probabilities, 0.5)
        case "mode":
            return probabilities.argmax(axis=1).astype(np.float32)


def expected_age(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the mean of each age distribution.

    Args:
        probabilities: (N, 101), each row summing to 1: the ages 0..100.

    Returns:
        float32 (N,), in years.
    """
    ages = np.arange(probabilities.shape[1])
    return (probabilities.astype(np.float64) @ ages).astype(np.float32)


def age_quantile(
    probabilities: NDArray[np.floating], level: float | NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the age below which a share `level` of each distribution lies.

    Args:
        probabilities: (N, 101), each row summing to 1: the ages 0..100.
        level: 0..1, one for all or (N,), one a distribution.

    Returns:
        float32 (N,), in years within 0..100.
    """
    below = np.cumsum(probabilities, axis=1, dtype=np.float64)
    wanted = level * below[:, -1]
    last = probabilities.shape[1] - 1
    reached = np.minimum((below < wanted[:, None]).sum(axis=1), last)
    rows = np.arange(len(probabilities))
    mass = probabilities[rows, reached].astype(np.float64)
    missing = below[rows, reached] - wanted
    # An empty class is only reached at level 0: its upper edge will do.
    share = np.divide(missing, mass, out=np.zeros_like(mass), where=mass > 0)
    return np.clip(reached + 0.5 - share, 0, last).astype(np.float32)
