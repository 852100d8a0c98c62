"""Metadata as large as IMDB's: ages and filters by whole columns, and row by row.

Reading the file is measured apart, by the memory it takes: see `metadata_file`.
"""

import math
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from agegender.config import FilterRules
from agegender.data.ages import with_ages
from agegender.data.filters import filter_rows
from benchmarks.side_by_side import compare

ROWS: Final = 460_723
"""As many as IMDB has."""

FEWER: Final = 20_000

DAYS_BEFORE_DATES: Final = 366
"""MATLAB counts days from year 0, which Python's dates lack."""

RULES: Final = FilterRules(age_formula="calendar")
"""The formula that such loops use."""

COLUMNS: Final = ("dob", "photo_taken", "gender", "face_score", "second_face_score")


def made_rows() -> pd.DataFrame:
    """Return rows with the faults of WIKI's, in like shares."""
    rng = np.random.default_rng(0)
    score = rng.normal(3.0, 1.5, ROWS)
    second = np.full(ROWS, np.nan)
    second[rng.random(ROWS) < 0.07] = 1.5
    score[rng.random(ROWS) < 0.29] = -np.inf
    gender = rng.integers(0, 2, ROWS).astype(float)
    gender[rng.random(ROWS) < 0.04] = np.nan
    taken = rng.integers(1950, 2016, ROWS)
    born = (taken - rng.normal(38, 20, ROWS)) * 365.2425
    return pd.DataFrame(
        {
            "dob": born.round(),
            "photo_taken": taken.astype(np.uint16),
            "gender": gender,
            "face_score": score,
            "second_face_score": second,
        }
    )


def as_original(rows: pd.DataFrame) -> list[int]:
    """Return the kept rows' numbers as the original program finds them."""
    dob, taken, gender, score, second = (rows[name].to_numpy() for name in COLUMNS)
    ages = [_age(dob[n], taken[n]) for n in range(len(dob))]
    fit = []
    for n in range(len(score)):
        if score[n] < RULES.min_face_score:
            continue
        if not np.isnan(second[n]) and second[n] > 0.0:
            continue
        if not RULES.min_age <= ages[n] <= RULES.max_age:
            continue
        if np.isnan(gender[n]):
            continue
        fit.append(n)
    return fit


def tightest(rows: pd.DataFrame) -> list[int]:
    """Do the same in the quickest loop that we could write."""
    columns = [rows[name].to_numpy() for name in COLUMNS]
    return [n for n, row in enumerate(zip(*columns, strict=True)) if _is_fit(*row)]


def by_iterrows(rows: pd.DataFrame) -> list[int]:
    """Do the same as pandas invites to."""
    fit = (
        (number, _is_fit(*(row[name] for name in COLUMNS)))
        for number, row in rows.iterrows()
    )
    return [number for number, keep in fit if keep]


def whole_columns(rows: pd.DataFrame) -> pd.Index:
    """Do the same as we do."""
    return filter_rows(with_ages(rows, RULES.age_formula), RULES).rows.index


def run() -> str:
    """Measure, after checking that all ways keep the same rows."""
    rows = made_rows()
    some = rows.head(FEWER)
    for way in (as_original, tightest, by_iterrows):
        assert way(some) == whole_columns(some).tolist()
    large = compare(
        f"age and filter {ROWS:,} rows of metadata",
        ROWS,
        {
            "row by row (as the original)": lambda: as_original(rows),
            "row by row (the tightest loop)": lambda: tightest(rows),
            "whole columns (ours)": lambda: whole_columns(rows),
        },
    )
    small = compare(
        f"the same for {FEWER:,} rows, since iterrows is so slow",
        FEWER,
        {
            "row by row (pandas iterrows)": lambda: by_iterrows(some),
            "whole columns (ours)": lambda: whole_columns(some),
        },
    )
    return f"{large}\n\n{small}"


def _age(dob: float, taken: int) -> int:
    born = date.fromordinal(max(int(dob) - DAYS_BEFORE_DATES, 1))
    return int(taken) - born.year - (born.month > 6)


def _is_fit(dob: float, taken: int, gender: float, score: float, second: float) -> bool:
    if score < RULES.min_face_score or second > 0.0 or math.isnan(gender):
        return False
    return RULES.min_age <= _age(dob, taken) <= RULES.max_age
