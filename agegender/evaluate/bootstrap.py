"""How far a measure could have come out differently with other people.

Photos of one person resemble each other, so people are drawn with replacement,
not photos. Where a measure is a function of sums, each person is summed once and a
resample is one row of a matrix product; where it needs the faces in order, a
resample is a weight for every face.

Reference: Field & Welsh, JRSS B 2007 (cluster bootstrap); Efron & Tibshirani 1993.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.intervals import bca_interval, share_interval
from agegender.evaluate.metric import Metric, RankMetric, SumMetric, Weigh
from agegender.evaluate.metrics import METRICS

CELLS = 4_000_000
"""Most faces, or people, x resamples held at once: 32 MB of counts."""

BLOCKS = 200
"""Most blocks of people that the jackknife leaves out, one at a time."""


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
    most = max(1, CELLS // max(1, len(sums)))
    parts = [counts @ sums for counts in _draws(len(sums), resamples, seed, most)]
    return np.concatenate([np.empty((0, columns.shape[1])), *parts])


def person_sums(columns: FloatArray, people: NDArray[np.int64]) -> FloatArray:
    """Sum columns, float64 (n, k), by person: float64 (people, k)."""
    _, person = np.unique(people, return_inverse=True)
    return np.column_stack(
        [np.bincount(person, weights=column) for column in columns.T]
    )


def _draws(people: int, resamples: int, seed: int, most: int) -> Iterator[FloatArray]:
    """Yield how often each person is drawn, float64 (at most `most`, people)."""
    rng = np.random.default_rng(seed)
    for start in range(0, resamples, most):
        rows = min(most, resamples - start)
        drawn = rng.integers(0, people, (rows, people))
        drawn += np.arange(rows)[:, np.newaxis] * people
        counts = np.bincount(drawn.ravel(), minlength=rows * people)
        yield counts.reshape(rows, people).astype(np.float64)


def blocks_left_out(people: int) -> FloatArray:
    """Say who stays when a block of people is left out, as a jackknife does.

    Everybody is a block of their own while there are at most `BLOCKS` people.

    Returns:
        float64 (blocks, people), 0 for those left out, else 1.
    """
    block = np.arange(people) % BLOCKS
    each = np.arange(min(people, BLOCKS))
    return np.asarray(block != each[:, np.newaxis], dtype=np.float64)


def estimate(
    answers: Answers,
    resampling: Resampling,
    metrics: Mapping[str, Metric] = METRICS,
    baselines: Mapping[str, float] | None = None,
    fewest: int = 2,
) -> dict[str, Estimate]:
    """Measure, with an interval each, all over the same drawn people.

    Args:
        answers: Of n faces.
        resampling: How intervals are drawn.
        metrics: Name -> measure.
        baselines: Name -> what the trivial guess reaches.
        fewest: People below whom a measure has no interval.

    Returns:
        Name -> estimate; its value is NaN where no face counts.
    """
    _, person = np.unique(answers.identity, return_inverse=True)
    people = int(person.max(initial=-1)) + 1
    counted = {name: metric.counted(answers) for name, metric in metrics.items()}
    persons = {name: len(np.unique(person[one])) for name, one in counted.items()}
    ways = {
        name: _of_people(metric, answers, person)
        for name, metric in metrics.items()
        if resampling.resamples and persons[name] >= fewest
    }
    rows = max(1, CELLS // max(1, len(person)))
    resamples = resampling.resamples if ways else 0
    drawn = _taken(ways, _draws(people, resamples, resampling.seed, rows))
    # One block at a time: a weight for every face of every block may be too much.
    stay = blocks_left_out(people)
    left_out = _taken(ways, (stay[[block]] for block in range(len(stay))))
    values = {name: metric.value(answers) for name, metric in metrics.items()}
    ends = {}
    for name in ways:
        told = drawn[name], values[name], left_out[name]
        ends[name] = _ends(metrics[name], *told, persons[name], resampling.level)
    return {
        name: Estimate(
            value,
            *ends.get(name, (np.nan, np.nan)),
            (baselines or {}).get(name, np.nan),
            int(counted[name].sum()),
        )
        for name, value in values.items()
    }


def _of_people(metric: Metric, answers: Answers, person: NDArray[np.int64]) -> Weigh:
    """Return a measure as a function of how often each person is drawn."""
    if isinstance(metric, RankMetric):
        weigh = metric.prepare(answers)
        return lambda counts: weigh(counts[:, person])
    assert isinstance(metric, SumMetric)
    sums, finish = person_sums(metric.columns(answers), person), metric.finish
    return lambda counts: finish(counts @ sums)


def _ends(
    metric: Metric,
    draws: FloatArray,
    value: float,
    left_out: FloatArray,
    people: int,
    level: float,
) -> tuple[float, float]:
    if isinstance(metric, SumMetric) and metric.of_hits:
        return share_interval(draws, value, left_out, people, level)
    if metric.unit == "share" and value in {0.0, 1.0}:
        # Every draw is the same, and no count of hits tells more.
        return np.nan, np.nan
    return bca_interval(draws, value, left_out, level)


def _taken(
    ways: Mapping[str, Weigh], draws: Iterator[FloatArray]
) -> dict[str, FloatArray]:
    """Return every measure's values on all draws, float64 (draws,)."""
    values: dict[str, list[FloatArray]] = {name: [np.empty(0)] for name in ways}
    for counts in draws:
        for name, way in ways.items():
            values[name].append(way(counts))
    return {name: np.concatenate(parts) for name, parts in values.items()}
