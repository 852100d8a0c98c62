"""Shares of faces, with intervals over people that hold at 0 and 100 % too."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.evaluate.answers import FloatArray
from agegender.evaluate.bootstrap import (
    Resampling,
    blocks_left_out,
    person_sums,
    resampled_sums,
)
from agegender.evaluate.intervals import share_interval
from agegender.evaluate.metrics import ratio

Chosen = NDArray[np.bool_]


def shares(
    part: Chosen,
    whole: Chosen,
    people: NDArray[np.int64],
    resampling: Resampling,
    fewest: int = 1,
) -> pd.DataFrame:
    """Measure shares of faces.

    Args:
        part: bool (n, k), which faces are hits, of each of k shares.
        whole: bool (n, k), among which faces.
        people: int64 (n,), which person each face is.
        resampling: How intervals are drawn; with 0 resamples there are none.
        fewest: People below whom a share has no interval.

    Returns:
        k rows of `faces`, `people`, `share` (0..1), `low` and `high`; NaN where
        there are no faces, or people are too few for an interval.
    """
    columns = np.concatenate([part & whole, whole], axis=1).astype(np.float64)
    by_person = person_sums(columns, people)
    drawn = _ratios(
        resampled_sums(columns, people, resampling.resamples, resampling.seed)
    )
    left_out = _ratios(blocks_left_out(len(by_person)) @ by_person)
    value = _ratios(columns.sum(axis=0)[np.newaxis])[0]
    persons = (np.split(by_person, 2, axis=1)[1] > 0.0).sum(axis=0)
    table = pd.DataFrame(
        {"faces": whole.sum(axis=0), "people": persons, "share": value}
    )
    ends = [
        _ends(drawn[:, k], value[k], left_out[:, k], int(persons[k]), resampling)
        for k in range(len(table))
    ]
    both = pd.DataFrame(ends, columns=["low", "high"], dtype=np.float64)
    return table.join(both.where(table["people"] >= fewest))


def _ratios(sums: FloatArray) -> FloatArray:
    return ratio(*np.split(sums, 2, axis=1))


def _ends(
    draws: FloatArray,
    value: float,
    left_out: FloatArray,
    people: int,
    resampling: Resampling,
) -> tuple[float, float]:
    if resampling.resamples == 0 or people == 0:
        return np.nan, np.nan
    return share_interval(draws, value, left_out, people, resampling.level)
