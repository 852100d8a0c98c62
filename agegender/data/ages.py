"""How old the person in a photo was.

IMDB-WIKI gives a date of birth and the year in which the photo was taken. Its
authors let every photo be taken on 1 July and read the age off as the year of
the date that lies as many days after year 0 as the person had lived. That is not
quite the difference of the calendar years: leap days move a few birthdays. Many
ports take that difference; both ways are here, the authors' by default.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

DATENUM_OF_1970 = 719_529
"""MATLAB's day number of 1970-01-01, from which NumPy counts."""

_LAST_DAY_OF_YEAR_0 = 366
_JULY = 6
"""Months after January."""

Convert = Callable[[NDArray[np.int64]], NDArray[np.int64]]

_MAX_DAYS = 10_000_000.0
_MAX_YEAR = 20_000
"""What lies beyond is no age, yet must not overflow a date."""


def with_ages(
    rows: pd.DataFrame, formula: Literal["authors", "calendar"]
) -> pd.DataFrame:
    """Return the rows with the column `age`, worked out if they carry dates instead.

    Args:
        rows: `dob` and `photo_taken` as `age_when_taken` takes them; rows that have
            an `age`, or no dates, are returned as they are.
        formula: The authors' or the calendar's.
    """
    if "age" in rows.columns or not {"dob", "photo_taken"} <= set(rows.columns):
        return rows
    age_of = age_when_taken if formula == "authors" else age_by_calendar
    return rows.assign(age=age_of(rows["dob"], rows["photo_taken"]))


def datenum_of_july(years: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return MATLAB's day numbers of 1 July of each year."""
    months = ((years - 1970) * 12 + 6).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64)
    return np.asarray(days + DATENUM_OF_1970, dtype=np.int64)


def year_of_datenum(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar year that holds each of MATLAB's day numbers."""
    dates = (days - DATENUM_OF_1970).astype("datetime64[D]")
    return np.asarray(dates.astype("datetime64[Y]").astype(np.int64) + 1970)


def age_when_taken(dob: ArrayLike, photo_taken: ArrayLike) -> NDArray[np.float64]:
    """Compute ages as the authors of IMDB-WIKI do.

    Args:
        dob: MATLAB day number of the birth, any numeric dtype, (n,). Numbers up to
            366 lie in year 0, which Python's dates lack.
        photo_taken: Year of the photo, any numeric dtype, (n,); uint16 in the
            genuine files, which would wrap round if it were subtracted as it is.

    Returns:
        Ages in whole years, float64 (n,); negative where the photo is older than
        the person, NaN where either date is unknown.

    Reference: Rothe et al., IJCV 2018: `datevec(datenum(photo_taken, 7, 1) - dob)`.
    """
    born = np.asarray(dob, dtype=np.float64)
    taken = np.asarray(photo_taken, dtype=np.float64)
    known = np.isfinite(born) & np.isfinite(taken) & (np.abs(taken) <= _MAX_YEAR)

    years = np.where(known, taken, 1970).astype(np.int64)
    july = _each_once(datenum_of_july, years)
    lived = np.floor(july - np.where(known, born, 0.0))
    lived = np.clip(lived, -_MAX_DAYS, _MAX_DAYS)
    # Day 0 is the last of year -1; someone born on the day is not minus one year old.
    days = np.where(lived == 0, 1, lived).astype(np.int64)
    ages = _each_once(year_of_datenum, days)
    return np.where(known, ages, np.nan)


def age_by_calendar(dob: ArrayLike, photo_taken: ArrayLike) -> NDArray[np.float64]:
    """Compute ages as the common Python port does: from year and month of birth.

    Args:
        dob: MATLAB day number of the birth, any numeric dtype, (n,).
        photo_taken: Year of the photo, any numeric dtype, (n,).

    Returns:
        Years between, less one for births from July on, float64 (n,); NaN where a
        date is unknown or lies in year 0, which Python's dates lack.
    """
    born = np.asarray(dob, dtype=np.float64)
    taken = np.asarray(photo_taken, dtype=np.float64)
    known = (born > _LAST_DAY_OF_YEAR_0) & (born <= _MAX_DAYS) & np.isfinite(taken)

    days = np.where(known, born, DATENUM_OF_1970).astype(np.int64)
    return np.where(known, taken - _each_once(_year_from_july, days), np.nan)


def _year_from_july(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar year of each day number, and the next one from July on."""
    dates = (days - DATENUM_OF_1970).astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64)
    return np.asarray(1970 + (months + 12 - _JULY) // 12)


def _each_once(convert: Convert, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Convert whole numbers, each value once where there are fewer of them.

    Turning days into dates takes longer than looking the answer up, and half a
    million people are born on fewer days.
    """
    if len(numbers) == 0:
        return convert(numbers)
    low, high = numbers.min(), numbers.max()
    if high - low >= len(numbers):
        return convert(numbers)
    table = convert(np.arange(low, high + 1))
    return np.asarray(table[numbers - low])
