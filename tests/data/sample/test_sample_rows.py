"""People, photos and faults, before anything is drawn."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agegender.data.ages import datenum_of_july
from agegender.data.sample.rows import draw_rows


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return draw_rows(3000, seed=0)


def _age(rows: pd.DataFrame) -> pd.Series:
    return (datenum_of_july(rows["photo_taken"].to_numpy()) - rows["dob"]) / 365.2425


@settings(max_examples=20)
@given(faces=st.integers(1, 60), seed=st.integers(0, 10_000))
def test_any_number_of_rows_can_be_drawn(faces: int, seed: int) -> None:
    rows = draw_rows(faces, seed)
    assert len(rows) == faces
    assert rows["path"].is_unique


def test_every_fault_is_there_even_among_forty_rows() -> None:
    rows = draw_rows(40, seed=1)
    age = _age(rows)
    good = rows["face_score"] >= 1.0
    assert (rows["face_score"] == -np.inf).any()
    assert rows["face_score"].between(0, 1, inclusive="neither").any()
    assert rows["second_face_score"].notna().any()
    assert (rows["gender"].isna() & good).any()
    assert ((age < 0) & good).any()
    assert ((age > 100) & good).any()
    assert {"blank", "truncated", "missing"} <= set(rows["kind"][good])


def test_faults_come_in_the_shares_of_the_genuine_archive(rows: pd.DataFrame) -> None:
    age = _age(rows)
    kept = (
        (rows["face_score"] >= 1.0)
        & rows["second_face_score"].isna()
        & rows["gender"].notna()
        & age.between(0, 100)
    )
    assert (rows["face_score"] == -np.inf).mean() == pytest.approx(0.289, abs=0.001)
    assert rows["second_face_score"].notna().mean() == pytest.approx(0.066, abs=0.001)
    assert rows["gender"].isna().mean() == pytest.approx(0.042, abs=0.001)
    assert (age < 0).mean() == pytest.approx(0.021, abs=0.001)
    assert (age > 100).mean() == pytest.approx(0.008, abs=0.001)
    assert kept.mean() == pytest.approx(0.612, abs=0.02)


def test_a_person_keeps_gender_and_date_of_birth(rows: pd.DataFrame) -> None:
    people = rows.groupby("page")
    assert (people.size() > 1).mean() > 0.2
    kept = ["dob", "male", "name", "person", "gender"]
    assert len(rows[["page", *kept]].drop_duplicates()) == rows["page"].nunique()


def test_drawn_age_is_the_age_on_the_first_of_july(rows: pd.DataFrame) -> None:
    age = _age(rows)
    possible = age.between(0, 100)
    assert np.allclose(rows["age"][possible], age[possible])
    assert rows["age"].between(0.9, 96).all()


def test_ages_and_sexes_are_spread_like_the_genuine_ones(rows: pd.DataFrame) -> None:
    assert rows["age"].mean() == pytest.approx(38, abs=2)
    assert rows["age"].std() == pytest.approx(17, abs=2)
    assert rows["male"].mean() == pytest.approx(0.6, abs=0.04)
    assert (rows["age"] < 10).sum() > 30
    assert (rows["age"] > 75).sum() > 30


def test_paths_follow_page_birth_and_year(rows: pd.DataFrame) -> None:
    parts = rows["path"].str.extract(
        r"^(\d\d)/(\d{5,8})_(\d{4}-\d\d-\d\d)_(\d{4})\.jpg$"
    )
    assert parts.notna().all(axis=None)
    assert (parts[0] == parts[1].str[-2:]).all()
    born = [dt.date.fromordinal(dob - 366).isoformat() for dob in rows["dob"]]
    assert parts[2].tolist() == born
    assert (parts[3].astype(int) == rows["photo_taken"]).all()


def test_crops_are_1_8_times_the_box(rows: pd.DataFrame) -> None:
    found = rows[rows["face_score"] > 0]
    side = found["x2"] - found["x1"]
    assert np.allclose(side, found["y2"] - found["y1"])
    assert (found["width"] - 1.8 * side).abs().max() <= 0.5
    assert (found["beyond_left"] > 0).any()
    assert (found["beyond_left"] < found["width"] / 2).all()
