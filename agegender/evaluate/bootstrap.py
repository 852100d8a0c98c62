"""How far a measure could have come out differently with other people.

Photos of one person resemble each other, so people are drawn with replacement,
not photos. A measure is a function of sums, so each person is summed once and a
resample is one row of a matrix product.

Reference: Field & Welsh, JRSS B 2007 (cluster bootstrap); Efron & Tibshirani 1993.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.metrics import METRICS, Metric

CELLS = 4_000_000
"""Most people x resamples held at once: 32 MB of counts."""


@dataclass(frozen=True)
class Resampling:
    """How intervals are drawn.

    Args:
        resamples: Times that people are drawn anew; 0 gives no intervals.
        seed: Of the draws.
        level: Share of the resamples inside an interval, 0..1.
    """

    resamples: int = 1000
    seed: int = 0
    level: float = 0.95


@dataclass(frozen=True)
class Estimate:
    """One measure, how sure it is, and what a trivial guess would reach.

    Args:
        value: On the faces at hand.
        low: Lower end of the interval; NaN where there is none.
        high: Upper end; NaN where there is none.
        baseline: The same measure of the trivial guess; NaN where there is none.
        faces: How many faces it is taken over.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    baseline: float = np.nan
    faces: int = 0


def resampled_sums(
    columns: FloatArray, people: NDArray[np.int64], resamples: int, seed: int
) -> FloatArray:
    """Sum columns over people drawn with replacement.

    Args:
        columns: float64 (n, k), one row a face.
        people: int64 (n,), which person each face is.
        resamples: How many draws.
        seed: Of the draws.

    Returns:
        float64 (resamples, k).
    """
    sums = person_sums(columns, people)
    rng = np.random.default_rng(seed)
    parts = [counts @ sums for counts in _draws(len(sums), resamples, rng)]
    return np.concatenate([np.empty((0, columns.shape[1])), *parts])


def person_sums(columns: FloatArray, people: NDArray[np.int64]) -> FloatArray:
    """Sum columns, float64 (n, k), by person: float64 (people, k)."""
    _, person = np.unique(people, return_inverse=True)
    return np.column_stack(
        [np.bincount(person, weights=column) for column in columns.T]
    )


def _draws(
    people: int, resamples: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield how often each person is drawn, float64 (some resamples, people)."""
    most = max(1, CELLS // max(1, people))
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        drawn = rng.integers(0, people, (rows, people))
        drawn += np.arange(rows)[:, np.newaxis] * people
        counts = np.bincount(drawn.ravel(), minlength=rows * people)
        yield counts.reshape(rows, people).astype(np.float64)


def interval(draws: FloatArray, level: float) -> tuple[float, float]:
    """Return the ends of the middle `level` of the draws, float64 (resamples,).

    Draws in which the measure does not exist (NaN) are left out; without any
    draw both ends are NaN.
    """
    known = draws[np.isfinite(draws)]
    if known.size == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def estimate(
    answers: Answers,
    resampling: Resampling,
    metrics: Mapping[str, Metric] = METRICS,
    baselines: Mapping[str, float] | None = None,
) -> dict[str, Estimate]:
    """Measure, with an interval each, all over the same drawn people.

    Args:
        answers: Of n faces.
        resampling: How intervals are drawn.
        metrics: Name -> measure.
        baselines: Name -> what the trivial guess reaches.

    Returns:
        Name -> estimate; its value is NaN where no face counts.
    """
    columns = [metric.columns(answers) for metric in metrics.values()]
    ends = np.cumsum([part.shape[1] for part in columns])[:-1]
    whole = np.concatenate(columns, axis=1)
    draws = resampled_sums(
        whole, answers.identity, resampling.resamples, resampling.seed
    )
    parts = zip(
        metrics.items(),
        np.split(whole.sum(axis=0), ends),
        np.split(draws, ends, axis=1),
        strict=True,
    )
    return {
        name: Estimate(
            float(metric.finish(sums)),
            *interval(metric.finish(drawn), resampling.level),
            (baselines or {}).get(name, np.nan),
            int(metric.counted(answers).sum()),
        )
        for (name, metric), sums, drawn in parts
    }
