"""Filtering metadata: whole columns against a loop over rows."""

import math

import numpy as np
import pandas as pd

from agegender.config import FilterRules
from agegender.data.filters import filter_rows
from benchmarks.side_by_side import compare

ROWS = 60_000


def made_rows() -> pd.DataFrame:
    """Return rows with the faults of WIKI's, in like shares."""
    rng = np.random.default_rng(0)
    score = rng.normal(3.0, 1.5, ROWS)
    second = np.full(ROWS, np.nan)
    second[rng.random(ROWS) < 0.07] = 1.5
    score[rng.random(ROWS) < 0.29] = -np.inf
    gender = rng.integers(0, 2, ROWS).astype(float)
    gender[rng.random(ROWS) < 0.04] = np.nan
    return pd.DataFrame(
        {
            "fault": "",
            "age": rng.normal(38, 20, ROWS).round(),
            "gender": gender,
            "face_score": score,
            "second_face_score": second,
        }
    )


def row_by_row(rows: pd.DataFrame, rules: FilterRules) -> list[int]:
    """Return the kept rows' numbers, the way a plain loop finds them."""
    kept = []
    for number, row in rows.iterrows():
        if row["face_score"] < rules.min_face_score:
            continue
        if row["second_face_score"] > 0:
            continue
        if not rules.min_age <= row["age"] <= rules.max_age:
            continue
        if math.isnan(row["gender"]):
            continue
        kept.append(number)
    return kept


def run() -> str:
    """Measure, after checking that both ways keep the same rows."""
    rows, rules = made_rows(), FilterRules()
    assert row_by_row(rows, rules) == list(filter_rows(rows, rules).rows.index)
    return compare(
        f"filter {ROWS:,} rows of metadata",
        ROWS,
        {
            "row by row (pandas iterrows)": lambda: row_by_row(rows, rules),
            "whole columns (ours)": lambda: filter_rows(rows, rules),
        },
    )
