"""What a store knows besides age and gender sets groups apart."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agegender.evaluate.further_keys import further_keys
from agegender.evaluate.groups import ALL, UNKNOWN
from agegender.evaluate.report import Report, evaluate
from agegender.evaluate.tables import markdown

Draw = Callable[..., Any]


def told(column: Any, name: str = "camera") -> list[str]:
    keys = further_keys(pd.DataFrame({name: column}))
    return [] if name not in keys else keys[name].cat.categories.tolist()


def test_text_categories_truths_and_codes_are_keys() -> None:
    assert told(["b", "a", "b"]) == ["a", "b"]
    assert told(pd.Categorical(["b", "a", "b"])) == ["a", "b"]
    assert told([True, False, True]) == ["False", "True"]
    assert told([10, 9, 2]) == ["2", "9", "10"]
    assert told(pd.array([1, None, 2], dtype="Int8")) == ["1", "2", UNKNOWN]


def test_scores_dates_and_names_of_faces_are_not() -> None:
    assert told([1.5, 2.0, 1.5]) == []
    assert told([1e300, 1.0, None]) == []
    assert told([np.inf, 1.0, 2.0]) == []
    assert told([np.nan, np.nan]) == []
    assert told(pd.to_datetime(["2020-01-01", "2021-01-01", "2020-01-01"])) == []
    assert told([f"photo {n}" for n in range(21)]) == []
    for name in ("id", "identity", "digest", "split", "age", "gender"):
        assert told(["a", "b", "a"], name) == []


def test_text_of_several_lines_is_told_on_one() -> None:
    assert told([" by\tday\n", "by day", "at\nnight"]) == ["at night", "by day"]


def test_bars_of_a_group_s_name_are_no_borders_of_its_table() -> None:
    header, rule, row = markdown(["tags", "faces"], [["indoor|night", "7"]]).split("\n")
    assert row == r"| indoor\|night |     7 |"
    assert len(header) == len(rule) == len(row)


def test_column_of_one_value_sets_nothing_apart() -> None:
    assert told(["a", "a", "a"]) == []
    assert told([-1, -1, -1]) == []


def test_absent_values_are_an_unknown_group_at_the_end() -> None:
    assert told(["z", "", None, "a"]) == ["a", "z", UNKNOWN]
    assert told(np.array([4, -1, 2], np.int8)) == ["2", "4", UNKNOWN]


def test_whole_numbers_with_an_empty_cell_are_codes() -> None:
    assert told(np.array([2.0, np.nan, 1.0], np.float32)) == ["1", "2", UNKNOWN]
    assert told([10.0, -1.0, 9.0]) == ["9", "10", UNKNOWN]
    assert told([0.0, np.nan], "race") == ["white", UNKNOWN]


def test_codes_of_race_are_named() -> None:
    codes = np.array([3, 0, -1, 4], np.int8)
    assert told(codes, "race") == ["indian", "other", "white", UNKNOWN]
    assert told(["Martian", "Venusian"], "race") == ["Martian", "Venusian"]


@pytest.fixture
def labels(draw: Draw) -> pd.DataFrame:
    _, _, labels = draw(300)
    race = np.where(np.arange(300) < 12, 4, np.arange(300) % 2)
    source = np.where(np.arange(300) < 200, "utkface", "wiki")
    return labels.assign(
        race=race.astype(np.int8), source=source, real_age=labels["age"] + 1.0
    )


@pytest.fixture
def report(draw: Draw, labels: pd.DataFrame) -> Report:
    ages, male, _ = draw(300)
    return evaluate(ages, male, labels, labels, resamples=200)


def test_each_further_key_has_its_groups_beside_age_and_gender(
    report: Report, draw: Draw, labels: pd.DataFrame
) -> None:
    groups = report.groups
    assert groups.columns[:4].tolist() == ["age_band", "gender", "race", "source"]
    assert len(groups) == 21 + 3 + 2
    by_race = groups[groups["race"] != ALL].set_index("race")
    assert by_race.index.tolist() == ["black", "other", "white"]
    assert (by_race[["age_band", "gender", "source"]] == ALL).all(axis=None)
    ages, _, _ = draw(300)
    error = np.abs(ages.astype(np.float64) @ np.arange(101) - labels["age"])
    for code, name in ((0, "white"), (1, "black"), (4, "other")):
        chosen = labels["race"] == code
        assert by_race.loc[name, "faces"] == chosen.sum()
        mae = by_race.loc[name, "mean_absolute_error"]
        assert mae == pytest.approx(error[chosen].mean())


def test_small_further_group_says_so_and_has_no_interval(report: Report) -> None:
    rows = report.groups.set_index("race")
    assert rows.loc["other", "small"]
    assert np.isnan(rows.loc["other", "mean_absolute_error_low"])
    low, high = rows.loc[
        "white", ["mean_absolute_error_low", "mean_absolute_error_high"]
    ]
    assert low < rows.loc["white", "mean_absolute_error"] < high
    line = next(each for each in report.to_text().splitlines() if "| other" in each)
    assert "12 (few)" in line


def test_text_has_a_table_a_key_and_json_every_row(report: Report) -> None:
    blocks = report.to_text().strip().split("\n\n")
    heads = [block.split("|")[1].strip() for block in blocks if "|" in block]
    assert heads[:4] == ["measure", "age", "race", "source"]
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert [row["race"] for row in data["groups"]].count("white") == 1
    assert data["groups"][0]["race"] == ALL


def test_columns_called_as_those_of_a_table_of_groups_hide_none(
    draw: Draw, report: Report
) -> None:
    ages, male, labels = draw(60)
    half = np.where(np.arange(60) < 30, "a", "b")
    plain = evaluate(ages, male, labels, labels, resamples=20).groups
    # Whatever a table of groups, or of gaps, says by itself.
    taken = {*plain.columns, *report.sections["age_gaps"].table["by"]} - {"gender"}
    assert {"age_band", "faces", "cs_at_5_low", "age band, gender"} <= taken

    further = labels.assign(**dict.fromkeys(taken - {"race", "source"}, half))
    told = evaluate(ages, male, further.assign(faces_=half), labels, resamples=20)

    assert {"age_band_", "faces_", "faces__", "cs_at_5_low_"} <= {*told.groups.columns}
    pd.testing.assert_frame_equal(
        told.groups.loc[: len(plain) - 1, [*plain.columns]], plain
    )
    rows = told.groups[told.groups["faces__"] != ALL]
    assert rows["faces"].tolist() == [30, 30]
    by = told.sections["age_gaps"].table["by"]
    assert {"age band_", "age band, gender_"} <= {*by}
    assert by.is_unique


def test_value_all_is_a_group_and_not_everybody(draw: Draw) -> None:
    ages, male, labels = draw(300)
    site = np.where(np.arange(300) % 3 == 0, "all", "all_")
    assert told(site, "site") == ["all_", "all__"]
    report = evaluate(ages, male, labels.assign(site=site), labels, resamples=20)
    by_site = report.groups[report.groups["site"] != ALL].set_index("site")
    assert by_site["faces"].to_dict() == {"all_": 200, "all__": 100}
    assert "| all__ " in report.to_text()
