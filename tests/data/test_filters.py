import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agegender.config import FilterRules
from agegender.data.filters import Funnel, filter_rows
from agegender.errors import DataError

SCORES = st.sampled_from([-np.inf, 0.5, 1.0, 4.0, np.nan])


def rows(**columns: list[float]) -> pd.DataFrame:
    good = {"age": 30.0, "gender": 1.0, "face_score": 3.0, "second_face_score": np.nan}
    count = len(next(iter(columns.values())))
    table = {name: [value] * count for name, value in good.items()}
    return pd.DataFrame({**table, **columns})


def dropped(**columns: list[float]) -> dict[str, int]:
    funnel = filter_rows(rows(**columns), FilterRules()).funnel
    return {rule: count for rule, count in funnel.dropped.items() if count}


def test_row_that_breaks_two_rules_is_counted_once() -> None:
    table = rows(face_score=[-np.inf], age=[-5.0], gender=[np.nan])
    assert filter_rows(table, FilterRules()).funnel.to_dict() == {
        "read": 1,
        "dropped": {
            "no_face": 1,
            "weak_face": 0,
            "second_face": 0,
            "impossible_age": 0,
            "unknown_gender": 0,
        },
        "kept": 0,
    }


def test_each_rule_drops_what_it_names() -> None:
    assert dropped(face_score=[-np.inf, 3.0]) == {"no_face": 1}
    assert dropped(face_score=[0.99, 1.0]) == {"weak_face": 1}
    assert dropped(second_face_score=[1.5, np.nan]) == {"second_face": 1}
    assert dropped(age=[0.0, 1.0, 99.0, 100.0, np.nan]) == {"impossible_age": 3}
    assert dropped(gender=[0.0, 1.0, np.nan, 2.0]) == {"unknown_gender": 2}


def test_rows_without_a_second_face_are_the_good_ones() -> None:
    kept = filter_rows(rows(second_face_score=[np.nan, 2.0]), FilterRules()).rows
    assert kept.index.tolist() == [0]


def test_second_faces_are_kept_where_allowed() -> None:
    rules = FilterRules(allow_second_face=True)
    assert len(filter_rows(rows(second_face_score=[np.nan, 2.0]), rules).rows) == 2


def test_unknown_genders_are_minus_one_where_they_are_kept() -> None:
    table = rows(gender=[0.0, 1.0, np.nan, 2.0])
    kept = filter_rows(table, FilterRules(allow_unknown_gender=True)).rows
    assert kept["gender"].tolist() == [0, 1, -1, -1]


def test_a_source_without_detector_scores_is_judged_by_its_labels() -> None:
    table = pd.DataFrame({"age": [30.0, 130.0], "gender": [0.0, 1.0]})
    funnel = filter_rows(table, FilterRules()).funnel
    assert funnel.dropped == {"impossible_age": 1, "unknown_gender": 0}


def test_what_the_source_found_wrong_comes_first() -> None:
    table = rows(age=[np.nan, 30.0]).assign(fault=["malformed_name", ""])
    funnel = filter_rows(table, FilterRules()).funnel
    assert next(iter(funnel.dropped.items())) == ("malformed_name", 1)
    assert funnel.kept == 1


def test_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"lack \['gender'\]"):
        filter_rows(pd.DataFrame({"age": [3.0]}), FilterRules())


def test_later_drops_are_added_at_the_end_of_the_funnel() -> None:
    funnel = Funnel(10, {"no_face": 2}).drop({"blank": 3})
    assert list(funnel.dropped) == ["no_face", "blank"]
    assert funnel.kept == 5
    assert str(funnel) == "read 10, dropped 2 no_face, 3 blank, kept 5"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([-3.0, 0.0, 1.0, 50.0, 99.0, 100.0, 2000.0, np.nan]),
            st.sampled_from([0.0, 1.0, 3.0, np.nan]),
            SCORES,
            SCORES,
            st.sampled_from(["", "malformed_name", "not_a_picture"]),
        )
    )
)
def test_kept_and_dropped_add_up_to_the_rows_read(
    cells: list[tuple[float, float, float, float, str]],
) -> None:
    names = ["age", "gender", "face_score", "second_face_score", "fault"]
    kept, funnel, rule = filter_rows(pd.DataFrame(cells, columns=names), FilterRules())
    assert funnel.read == len(cells)
    assert funnel.kept == len(kept)
    assert sum(funnel.dropped.values()) + len(kept) == len(cells)
    assert kept.index.tolist() == rule.index[rule == ""].tolist()
    for name, count in funnel.dropped.items():
        assert count == (rule == name).sum()
    assert (kept["fault"] == "").all()
    assert kept["age"].between(1, 99).all()
