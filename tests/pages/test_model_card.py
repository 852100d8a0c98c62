"""The card of a model: what it must tell, and what is left out first."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agegender.evaluate.report import Report, evaluate
from agegender.notice import NOTICE
from agegender.pages.model_card import Subject, draw_model_card, shortened, worst

SUBJECT = Subject(
    name="agegender version 3",
    network={"network": "WRN-10-1 at 16 px", "sha256": "f00"},
    trained_on="300 faces (drawn: nobody's photo)",
    recipe="model:\n  depth: 10",
    judged_on="the test split of tiny (abcdef)",
    gate="check  wanted  got",
)


@pytest.fixture(scope="module")
def report() -> Report:
    """Return the report of a model that takes old women for children."""
    _, _, train = _drawn(300, seed=1)
    ages, male, labels = _drawn(600)
    chosen = ((labels["age"] >= 60) & (labels["gender"] == 0)).to_numpy()
    ages[chosen] = np.roll(ages[chosen], 50, axis=1)
    male[(labels["age"] < 10).to_numpy()] = 0.9
    return evaluate(ages, male, labels, train, resamples=50)


@pytest.fixture(scope="module")
def card(report: Report) -> str:
    return draw_model_card(SUBJECT, report)


def test_card_tells_limits_terms_figures_and_recipe(card: str, report: Report) -> None:
    assert card.startswith("# agegender version 3\n")
    for told in (NOTICE, "nobody's photo", "depth: 10", "f00", "no proof of age"):
        assert told in card
    mae = report.metrics["mean_absolute_error"]
    assert f"{mae.value:.2f}" in card
    assert f"{mae.low:.2f} to {mae.high:.2f}" in card
    assert f"{report.faces:,} faces of {report.identities:,} people" in card


def test_card_names_those_whom_the_model_fails(report: Report) -> None:
    age, gender = worst(report).splitlines()
    assert "60+, female" in age
    assert "0-9" in gender
    answers = report.answers
    chosen = (answers.age >= 60) & ~answers.male
    assert f"{np.abs(answers.age_error[chosen]).mean():.2f} years" in age


def test_nobody_is_called_worst_of_too_few() -> None:
    _, _, train = _drawn(300, seed=1)
    few = evaluate(*_drawn(20), train, resamples=50)
    assert worst(few) == "No group has people enough to be judged by itself."


def test_what_does_not_apply_has_no_section(report: Report) -> None:
    bare = Subject("starter", {}, "unknown", recipe="", judged_on="faces")
    card = draw_model_card(bare, report)
    assert "The gate" not in card
    assert "How it was trained" not in card


def test_what_others_noted_is_no_html_and_no_order_to_a_terminal(
    report: Report,
) -> None:
    theirs = "<img src=x onerror=alert(1)>\x1b[2J"
    subject = Subject(theirs, {"network": theirs}, theirs, "", theirs)
    card = draw_model_card(subject, report)
    assert card.count(r"&lt;img src=x onerror=alert(1)&gt;\x1b[2J") == 4
    assert "<img" not in card
    assert "\x1b" not in card


def test_last_sections_are_left_out_first(card: str) -> None:
    short = shortened(card, 3000, "More elsewhere.")
    assert len(short) <= 3000
    assert short.endswith("\n\nMore elsewhere.\n")
    assert card.startswith(short.removesuffix("\n\nMore elsewhere.\n"))
    assert shortened(card, len(card), "More elsewhere.") == card


def _drawn(count: int, seed: int = 0) -> tuple[Any, Any, pd.DataFrame]:
    draws = np.random.default_rng(seed)
    age = draws.integers(1, 90, count)
    gender = draws.integers(0, 2, count)
    guess: Callable[..., Any] = np.eye(101, dtype=np.float32).__getitem__
    ages = guess(np.clip(age + draws.integers(-5, 6, count), 0, 100))
    male = np.where(gender == 1, 0.9, 0.1).astype(np.float32)
    identity = np.arange(count).astype(str)
    labels = pd.DataFrame({"age": age, "gender": gender, "identity": identity})
    return ages, male, labels
