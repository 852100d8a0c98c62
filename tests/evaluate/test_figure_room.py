"""Figures of strong, weak and hardly measured models can all be read."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from agegender.evaluate.figures import training_curves
from agegender.evaluate.figures.style import EAST_ASIAN, new_figure
from agegender.evaluate.report import evaluate

NOBODYS = "\U0010fffd"
"""A letter of no font."""


def answered(kind: str) -> Any:
    """Return distributions, probabilities and labels of a kind of model."""
    rng = np.random.default_rng(0)
    faces = 3 if kind == "three_faces" else 600
    age = np.clip(rng.gamma(5.0, 7.0, faces).round(), 1, 99)
    male = rng.integers(0, 2, faces)
    guess = {
        "good": age + rng.normal(0, 1, faces),
        "weak": 45 + rng.normal(0, 25, faces),
        "everyone_is_a_child": np.full(faces, 9.0),
        "three_faces": np.array([30.0, 31.0, 32.0]),
    }
    if kind == "three_faces":
        age, male = np.array([30.0, 31.0, 36.0]), np.zeros(3, dtype=int)
    sure = {"good": 20.0, "weak": 0.5, "three_faces": 6.0}.get(kind, -8.0)
    ages = np.exp(-0.5 * ((np.arange(101) - guess[kind][:, None]) / 4.0) ** 2)
    probability = 1 / (1 + np.exp(-sure * (male - 0.5) - rng.normal(0, 1, faces)))
    who = np.arange(faces).astype(str)
    labels = pd.DataFrame({"age": age, "gender": male, "identity": who})
    return ages / ages.sum(axis=1, keepdims=True), probability, labels


KINDS = ("good", "weak", "everyone_is_a_child", "three_faces")


@pytest.fixture(scope="module", params=KINDS)
def figures(request: pytest.FixtureRequest) -> dict[str, Figure]:
    ages, male, labels = answered(request.param)
    train = answered("weak")[2]
    figures = evaluate(ages, male, labels, train, resamples=20).figures()
    for figure in figures.values():
        figure.draw_without_rendering()
    return figures


def words(figure: Figure) -> Iterator[Text]:
    """Yield all that is written on a figure."""
    yield from figure.texts
    for legend in figure.legends:
        yield from legend.get_texts()
    for axes in figure.axes:
        yield from (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label)
        yield from (text for axis in (axes.xaxis, axes.yaxis) for text in marks(axis))
        if (legend := axes.get_legend()) is not None:
            yield from legend.get_texts()


def marks(axis: Axis) -> list[Text]:
    """Return the labels of those ticks that lie on an axis."""
    low, high = sorted(axis.get_view_interval())
    places = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return [text for place, text in places if low <= place <= high]


def test_no_words_lie_on_others_or_are_cut_off(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        seen = [text for text in words(figure) if text.get_text().strip()]
        boxes = [text.get_window_extent().padded(-1) for text in seen]
        whole = figure.bbox.padded(1)
        for (one, box), (other, beside) in combinations(
            zip(seen, boxes, strict=True), 2
        ):
            assert not box.overlaps(beside), f"{name}: {one} on {other}"
        for text, box in zip(seen, boxes, strict=True):
            inside = whole.count_contains([box.min, box.max]) == 2
            assert inside, f"{name}: {text} is cut off"


def test_no_legend_hides_what_is_drawn(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        for axes in figure.axes:
            legends = [*figure.legends, axes.get_legend()]
            for legend in filter(None, legends):
                box = legend.get_window_extent()
                assert not box.count_contains(drawn(axes)), f"{name}: {axes.title}"


def drawn(axes: Axes) -> np.ndarray:
    """Return the points of all curves in pixels, many on each piece."""
    points = [np.empty((0, 2))]
    for line in axes.lines:
        xy = line.get_transform().transform(line.get_xydata())
        xy = xy[np.isfinite(xy).all(axis=1)]
        share = np.linspace(0.0, 1.0, 50)[:, None, None]
        points.append((xy[:-1] * (1 - share) + xy[1:] * share).reshape(-1, 2))
    return np.concatenate(points)


def test_no_axis_tells_of_more_than_all(figures: dict[str, Figure]) -> None:
    low, high = figures["abstention"].axes[1].get_ylim()
    assert 0.0 <= low < high <= 1.0
    history = pd.DataFrame({"gender_accuracy": [1.0, 1.0], "age_mae": [9.0, 8.0]})
    assert training_curves(history).axes[3].get_ylim()[1] <= 1.0


def test_smallest_share_at_a_door_is_no_nought(figures: dict[str, Figure]) -> None:
    axis = figures["age_assurance"].axes[0].xaxis
    said = [text.get_text() for text in marks(axis)]
    assert said == ["≤0.1%", "1%", "10%", "100%"]


def test_error_by_age_of_too_few_faces_says_so() -> None:
    ages, male, labels = answered("three_faces")
    figure = evaluate(ages, male, labels, labels, resamples=5).figures()["error_by_age"]
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "fewer than 10 faces about every age"
    ]


def test_letters_that_no_font_has_are_question_marks(tmp_path: Path) -> None:
    # A warning would be an error here.
    figure = new_figure(4.0, 2.0, f"étude {NOBODYS}\nof two lines")
    figure.savefig(tmp_path / "a.png")
    assert figure.get_suptitle() == "étude ?\nof two lines"


def test_east_asian_names_are_drawn_where_a_font_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = font_manager.fontManager
    monkeypatch.setattr(manager, "ttflist", list(manager.ttflist))
    manager.addfont(font_of(NOBODYS, EAST_ASIAN[0], tmp_path / "font.ttf"))
    figure = new_figure(4.0, 2.0, f"étude {NOBODYS}")
    figure.savefig(tmp_path / "a.png")
    assert figure.get_suptitle() == f"étude {NOBODYS}"


def font_of(letter: str, family: str, path: Path) -> Path:
    """Write a font of a single letter, a square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    glyphs = {".notdef": pen.glyph(), "square": pen.glyph()}
    font = FontBuilder(1000)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap({ord(letter): "square"})
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (900, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)
    return path
