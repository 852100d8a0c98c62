"""The page of an evaluation says the same as the report, and more legibly."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from agegender.evaluate.report import Report, evaluate
from agegender.pages.report_page import FIGURES, draw_report_page


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    age = np.clip(rng.gamma(5.0, 7.0, n).round(), 1, 99)
    ages = np.exp(
        -0.5
        * ((np.arange(101) - (age + rng.normal(0, 6, n))[:, None].clip(0, 100)) / 4.0)
        ** 2
    )
    gender = rng.integers(0, 2, n)
    male = 1 / (1 + np.exp(-(4 * (gender - 0.5) + rng.normal(0, 1.5, n))))
    labels = pd.DataFrame(
        {
            "age": age,
            "gender": gender,
            "identity": np.arange(n).astype(str),
            "town": np.where(np.arange(n) % 2, "<i>Bern</i>", "Basel"),
        }
    )
    return ages / ages.sum(axis=1, keepdims=True), male, labels


@pytest.fixture(scope="module")
def report() -> Report:
    _, _, train = drawn(300, seed=1)
    return evaluate(*drawn(300), train, resamples=50)


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return draw_report_page(report, "a model & its faces")


def rows_of(page: str) -> list[list[str]]:
    strip: Callable[[str], str] = lambda cell: re.sub("<[^>]+>", "", cell)  # noqa: E731
    return [
        [strip(cell) for cell in re.findall(r"<t[hd][^>]*>.*?</t[hd]>", row)]
        for row in re.findall(r"<tr>.*?</tr>", page, flags=re.DOTALL)
    ]


def test_every_measure_stands_with_interval_and_trivial_guess(
    report: Report, page: str
) -> None:
    rows = {row[0]: row[1:] for row in rows_of(page)}
    mae = report.metrics["mean_absolute_error"]
    assert rows["mean absolute error, years"] == [
        "300",
        f"{mae.value:.2f}",
        f"{mae.low:.2f} to {mae.high:.2f}",
        f"{mae.baseline:.2f}",
    ]
    assert "gender, area under the ROC curve" in rows


def test_every_row_of_every_section_is_on_the_page(report: Report, page: str) -> None:
    longer = sum(len(one.table) for one in report.sections.values())
    assert len(rows_of(page)) > longer
    for one in report.sections.values():
        assert one.title in page
    challenge = report.sections["age_assurance"].table.iloc[3]
    wanted = f"{challenge['false_positive']:.1%}"
    assert any(
        row[:3] == ["18", str(challenge["challenge"]), "all"] and wanted in row
        for row in rows_of(page)
    )


def test_shares_at_the_door_say_of_how_many_they_are(report: Report, page: str) -> None:
    first = report.sections["age_assurance"].table.iloc[0]
    rows = rows_of(page)
    (head,) = (row for row in rows if row[:2] == ["threshold", "challenge"])
    told = dict(zip(head, rows[rows.index(head) + 1], strict=True))
    for group in ("false_positive", "just_under", "true_positive"):
        name = group.replace("_", " ")
        assert told[f"{name} faces"] == f"{first[f'{group}_faces']:,}"
        assert told[name] == f"{first[group]:.1%}"


def test_every_figure_is_drawn_into_the_page(report: Report, page: str) -> None:
    assert page.count("<svg") == len(FIGURES) == len(report.figures())
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_groups_and_titles_are_text_and_no_markup(page: str) -> None:
    assert "a model &amp; its faces" in page
    assert "&lt;i&gt;Bern&lt;/i&gt;" in page
    assert "<i>Bern" not in page
    assert "no proof of age" in page


def test_points_are_compared_on_the_same_faces(report: Report) -> None:
    table = report.sections["points"].table.set_index("age_told")
    assert table.index.tolist() == ["expectation", "median", "mode"]
    mae = report.metrics["mean_absolute_error"].value
    assert table.loc["expectation", "mean_absolute_error"] == pytest.approx(mae)
    probabilities = report.answers.age_probabilities
    mode = np.abs(probabilities.argmax(axis=1) - report.answers.age).mean()
    assert table.loc["mode", "mean_absolute_error"] == pytest.approx(mode)


def test_report_without_genders_is_a_page_too() -> None:
    ages, male, labels = drawn(60)
    labels = labels.assign(gender=-1)
    page = draw_report_page(evaluate(ages, male, labels, labels, resamples=20), "x")
    assert "not measured: gender accuracy" in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL).lower()
