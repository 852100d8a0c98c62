from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from agegender.data.ages import (
    age_by_calendar,
    age_when_taken,
    datenum_of_july,
    with_ages,
    year_of_datenum,
)


def datenum(day: date) -> int:
    return day.toordinal() + 366


def test_age_is_the_year_that_the_authors_formula_gives() -> None:
    born = [datenum(date(1981, 5, 5)), datenum(date(1925, 4, 4))]
    assert age_when_taken(born, [2009, 1964]).tolist() == [28, 39]


def test_years_of_sixteen_bits_do_not_wrap_round() -> None:
    born = np.array([datenum(date(2005, 1, 1))], dtype=np.int32)
    assert age_when_taken(born, np.array([1990], dtype=np.uint16))[0] < 0
    born = np.array([datenum(date(1900, 1, 1))], dtype=np.int32)
    assert age_when_taken(born, np.array([2000], dtype=np.uint16)).tolist() == [100]


def test_birth_in_year_nought_is_an_age_of_two_thousand_years() -> None:
    assert age_when_taken([0, 1, 366], [2009, 2009, 2009]).min() > 2000


def test_unknown_dates_give_unknown_ages() -> None:
    ages = age_when_taken([np.nan, 700_000.0, np.inf], [2009, np.nan, 2009])
    assert np.isnan(ages).all()


def test_absurd_dates_give_impossible_ages_instead_of_an_error() -> None:
    ages = age_when_taken([1e300, -1e300, 0.0], [2009, 2009, 1e9])
    assert ages[0] < 0
    assert ages[1] > 100
    assert np.isnan(ages[2])


def test_born_on_the_day_of_the_photo_is_nought_years_old() -> None:
    assert age_when_taken([datenum(date(2000, 7, 1))], [2000]).tolist() == [0]


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_day_numbers_agree_with_the_calendar(day: date) -> None:
    assert year_of_datenum(np.array([datenum(day)])).tolist() == [day.year]
    july = datenum_of_july(np.array([day.year]))
    assert july.tolist() == [datenum(date(day.year, 7, 1))]


@given(st.dates(date(1850, 1, 1), date(2015, 12, 31)), st.integers(1850, 2020))
def test_age_is_within_a_year_of_the_birthdays_counted(born: date, year: int) -> None:
    birthdays = year - born.year - ((born.month, born.day) > (7, 1))
    age = age_when_taken([datenum(born)], [year])[0]
    assert abs(age - birthdays) <= 1


@given(st.dates(date(1, 1, 2), date(2015, 12, 31)), st.integers(1850, 2020))
def test_calendar_counts_births_from_july_on_as_a_year_less(
    born: date, year: int
) -> None:
    age = age_by_calendar([datenum(born)], np.array([year], np.uint16))[0]
    assert age == year - born.year - (born.month >= 7)


def test_calendar_knows_no_age_without_a_date() -> None:
    born = [366.0, 0.0, -5.0, np.nan, np.inf, 1e300, 700_000.0]
    ages = age_by_calendar(born, [2009.0] * 6 + [np.nan])
    assert np.isnan(ages).all()


def test_rows_with_ages_of_their_own_keep_them() -> None:
    rows = pd.DataFrame({"age": [3.0], "dob": [700_000.0], "photo_taken": [2009.0]})
    assert with_ages(rows, "calendar") is rows
    assert "age" not in with_ages(rows[["dob"]], "authors")
