"""Figures show the right numbers beside the right faces."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from agegender.errors import DataError
from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.figures import (
    age_distributions,
    age_scatter,
    error_by_age,
    face_grid,
    training_curves,
)
from agegender.notice import NOTICE_SHORT

Draw = Callable[..., Any]
Certain = Callable[[list[int]], np.ndarray]
Picture = Callable[[Answers], Figure]


def cells(figure: Figure) -> list[tuple[int, str, str]]:
    """Read the grid back: brightness of each picture, its truth, its guess."""
    return [
        (
            int(np.asarray(axes.images[0].get_array()).mean()),
            axes.get_title(),
            axes.texts[0].get_text(),
        )
        for axes in figure.axes
        if axes.images
    ]


def test_each_face_stands_with_its_own_truth_and_guess(
    draw: Draw, certain: Certain
) -> None:
    n = 15
    _, _, labels = draw(n)
    # Every face is as bright as it is old, and guessed one year older.
    ages = np.random.default_rng(0).permutation(np.arange(20, 20 + n))
    genders = ages % 2
    labels = labels.assign(age=ages.astype(float), gender=genders)
    labels.index = pd.Index(np.random.default_rng(1).permutation(n))
    faces = np.tile(ages[:, None, None, None], (1, 8, 8, 3)).astype(np.uint8)
    figure = face_grid(faces, labels, certain(list(ages + 1)), genders * 0.8 + 0.1)
    read = cells(figure)
    assert len(read) == n
    for brightness, truth, guess in read:
        gender = "male" if brightness % 2 else "female"
        assert truth == f"is {brightness} {gender}"
        assert guess == f"guess {brightness + 1} {gender} 90%"


def test_wrong_guesses_are_coloured_apart(draw: Draw, certain: Certain) -> None:
    _, _, labels = draw(3)
    labels = labels.assign(age=30.0, gender=1)
    faces = np.zeros((3, 8, 8, 3), np.uint8)
    figure = face_grid(faces, labels, certain([31, 50, 31]), [0.9, 0.9, 0.2])
    right, far, other = (axes.texts[0].get_color() for axes in figure.axes)
    assert right != far == other


def test_grid_refuses_faces_without_labels(draw: Draw) -> None:
    ages, male, labels = draw(4)
    with pytest.raises(DataError, match="5 faces, 4 labels"):
        face_grid(np.zeros((5, 8, 8, 3), np.uint8), labels, ages, male)


@pytest.fixture
def history() -> pd.DataFrame:
    epoch = np.arange(6.0)
    columns = {
        name: base + shift - 0.1 * epoch
        for base, kind in ((5.0, "age_loss"), (9.0, "age_mae"))
        for name, shift in ((kind, 0.0), (f"val_{kind}", 0.3))
    }
    return pd.DataFrame(columns).assign(
        gender_loss=0.5,
        val_gender_loss=0.6,
        gender_accuracy=0.8,
        val_gender_accuracy=[0.7, 0.8, 0.9, 0.8, 0.7, 0.6],
        val_age_mae=[9.0, 8.0, 7.0, 8.0, 9.0, 9.5],
    )


def test_curves_show_training_and_validation_of_both_heads(
    history: pd.DataFrame,
) -> None:
    figure = training_curves(history)
    assert len(figure.axes) == 4
    accuracy = figure.axes[3]
    drawn = {line.get_label(): line.get_ydata() for line in accuracy.lines}
    assert list(drawn["validation faces"]) == history["val_gender_accuracy"].tolist()
    assert list(drawn["training faces"]) == [0.8] * 6
    assert "6 epochs" in figure.get_suptitle()


def test_best_epoch_is_that_of_the_lowest_validation_error(
    history: pd.DataFrame,
) -> None:
    figure = training_curves(history)
    marks = [line for line in figure.axes[0].lines if line.get_label() == "best epoch"]
    assert marks[0].get_xdata()[0] == 3


def test_curves_without_validation_are_drawn_too(history: pd.DataFrame) -> None:
    figure = training_curves(history.filter(regex="^(?!val_)"))
    assert [len(axes.lines) for axes in figure.axes] == [1, 1, 1, 1]
    figure.draw_without_rendering()


def test_scatter_counts_every_face(draw: Draw) -> None:
    figure = age_scatter(pair(*draw(300)))
    counts = figure.axes[0].collections[0].get_array()
    assert counts.sum() == 300


def test_running_error_of_an_even_bias_is_that_bias(
    draw: Draw, certain: Certain
) -> None:
    _, male, labels = draw(500)
    ages = np.minimum(labels["age"].astype(int) + 1, 100)
    figure = error_by_age(pair(certain(list(ages)), male, labels))
    for line in figure.axes[0].lines[1:]:
        shown = np.asarray(line.get_ydata())
        np.testing.assert_allclose(shown[np.isfinite(shown)], 1.0)


def test_ages_with_few_faces_are_not_drawn_in_the_running_error(draw: Draw) -> None:
    figure = error_by_age(pair(*draw(500)))
    shown = np.asarray(figure.axes[0].lines[1].get_ydata())
    assert np.isnan(shown[100])
    assert np.isfinite(shown[30])


def test_grid_of_one_face_says_so_and_what_guesses_are_not_for(draw: Draw) -> None:
    ages, male, labels = draw(1)
    faces = np.zeros((1, 8, 8, 3), np.uint8)
    figure = face_grid(faces, labels, ages, male)
    assert figure.get_suptitle() == "1 face"
    assert NOTICE_SHORT in " ".join(figure.get_supxlabel().split())


@pytest.mark.parametrize("picture", [age_scatter, error_by_age, age_distributions])
def test_every_picture_says_of_how_many_faces(
    draw: Draw, picture: Picture, tmp_path: Path
) -> None:
    figure = picture(pair(*draw(1234)))
    assert re.search(r"1,234 faces", figure.get_suptitle())
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000
