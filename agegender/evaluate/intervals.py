"""From drawn values of a measure to the ends of its interval.

Where a measure's draws lean to one side, or vary more where it is larger, the
middle 95 % of them miss the truth too often. The bias-corrected and accelerated
interval (BCa) shifts both ends by what the draws and a jackknife over people tell.

Reference: Efron, JASA 1987.
"""

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit
from scipy.stats import binomtest

from agegender.evaluate.answers import FloatArray

FEWEST_PEOPLE = 30
"""People below whom a group has no interval: drawing a few of them anew looks surer
than it is."""


def interval(draws: FloatArray, level: float) -> tuple[float, float]:
    """Return the ends of the middle `level` of the draws, float64 (resamples,).

    Draws in which the measure does not exist (NaN) are left out; without any
    draw both ends are NaN.
    """
    return _quantiles(draws, (1.0 - level) / 2.0, (1.0 + level) / 2.0)


def widened(
    value: float, ends: tuple[float, float], level: float, people: int
) -> tuple[float, float]:
    """Stretch an interval as far as Student's t reaches beyond the normal one.

    A few people drawn anew differ less than a few others would, by the square root of
    (n - 1) / n, and how much they differ is itself a guess.

    Args:
        value: Of the measure on all people.
        ends: Of the interval that draws of people gave.
        level: Of the interval, 0..1.
        people: How many there are.

    Returns:
        Both ends; NaN for one person, who tells nothing of others.

    Reference: Hesterberg, The American Statistician 2015 (narrowness bias).
    """
    if people <= 1:
        return np.nan, np.nan
    tail = max((1.0 + level) / 2.0, 0.51)  # in the middle both reach 0
    by = stdtrit(people - 1, tail) / ndtri(tail) * np.sqrt(people / (people - 1))
    low, high = (float(value + by * (end - value)) for end in ends)
    return low, high


def bca_interval(
    draws: FloatArray, value: float, left_out: FloatArray, level: float
) -> tuple[float, float]:
    """Return the ends of the bias-corrected and accelerated interval.

    Args:
        draws: float64 (resamples,), the measure on drawn people; NaN where it does
            not exist.
        value: The measure on all people.
        left_out: float64 (k,), the measure with one person, or one block of
            people, left out at a time.
        level: Share of intervals that should hold the truth, 0..1.

    Returns:
        Both ends; the plain quantiles where all draws lie on one side of the value,
        NaN without draws.
    """
    known = draws[np.isfinite(draws)]
    below = np.mean(known < value) + np.mean(known == value) / 2.0 if len(known) else 0
    if not 0.0 < below < 1.0:
        return interval(draws, level)
    bias, acceleration = ndtri(below), _acceleration(left_out)
    ends = []
    for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0):
        moved = bias + ndtri(tail)
        ends.append(float(ndtr(bias + moved / (1.0 - acceleration * moved))))
    return _quantiles(known, *ends)


def share_interval(
    draws: FloatArray, value: float, left_out: FloatArray, people: int, level: float
) -> tuple[float, float]:
    """Return the ends of a share's interval, which is wide at 0 and 100 % too.

    Drawing people anew can say nothing of a share of none or of all: every draw is
    the same. Its interval is then that of as many independent people.

    Args:
        draws: As for `bca_interval`.
        value: The share among all people, 0..1.
        left_out: As for `bca_interval`.
        people: How many there are, above 0.
        level: Share of intervals that should hold the truth, 0..1.

    Reference: Clopper & Pearson, Biometrika 1934.
    """
    if value in (0.0, 1.0):
        exact = binomtest(people if value else 0, people).proportion_ci(level)
        return float(exact.low), float(exact.high)
    return bca_interval(draws, value, left_out, level)


def _acceleration(left_out: FloatArray) -> float:
    """Return how fast the measure's spread grows with its value."""
    known = left_out[np.isfinite(left_out)]
    if len(known) == 0:
        return 0.0
    away = known.mean() - known
    squares = float((away**2).sum())
    return float((away**3).sum()) / (6.0 * squares**1.5) if squares > 0.0 else 0.0


def _quantiles(draws: FloatArray, low: float, high: float) -> tuple[float, float]:
    known = draws[np.isfinite(draws)]
    if known.size == 0:
        return np.nan, np.nan
    ends = np.quantile(known, [low, high])
    return float(ends[0]), float(ends[1])
