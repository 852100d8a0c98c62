from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agegender.data.ages import age_when_taken, datenum_of_july, year_of_datenum


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
