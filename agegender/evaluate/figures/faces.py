"""Faces with what they are and what they were taken for.

Each picture, truth and prediction come from the same row of their arrays. The
arrays are checked to be equally long, and nothing here reorders them.
"""

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from agegender.config import Point
from agegender.counts import counted
from agegender.errors import DataError
from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.figures.style import BLUE, VERMILION, new_figure
from agegender.notice import NOTICE_SHORT

COLUMNS = 6
FAR_OFF = 10.0
"""Years from which on a guess is marked as wrong."""


def face_grid(
    faces: NDArray[np.uint8],
    labels: pd.DataFrame,
    age_probabilities: ArrayLike,
    male_probability: ArrayLike,
    point: Point = "expectation",
) -> Figure:
    """Draw faces, each over its own truth and its own prediction.

    Args:
        faces: uint8 (n, S, S, 3), RGB; a few dozen.
        labels: n rows: `age` in years, `gender` (0 female, 1 male, anything else
            unknown: not shown, and not held against the guess), `identity`.
        age_probabilities: float (n, 101).
        male_probability: float (n,), 0..1.
        point: Which age of a distribution is told as the age.

    Raises:
        DataError: If there are not as many faces as labels.
        ModelError: If the predictions do not fit the labels.
    """
    answers = pair(age_probabilities, male_probability, labels, point)
    if len(faces) != len(answers):
        raise DataError(
            f"each face needs its label. Received: {counted(len(faces), 'face')}, "
            f"{counted(len(answers), 'label')}."
        )
    columns = min(COLUMNS, len(faces))
    rows = math.ceil(len(faces) / columns)
    title = counted(len(faces), "face")
    figure = new_figure(max(1.6 * columns, 4.8), 2.15 * rows + 0.9, title)
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in cells:
        axes.set_axis_off()
    for axes, face, row in zip(cells, faces, range(len(faces)), strict=False):
        _draw(axes, face, answers, row)
    legend = f"orange: other gender, or more than {FAR_OFF:.0f} years off"
    limits = textwrap.fill(f"All {NOTICE_SHORT}.", 60)
    figure.supxlabel(f"{legend}\n{limits}", fontsize=9)
    return figure


def _draw(axes: Axes, face: NDArray[np.uint8], answers: Answers, row: int) -> None:
    male = bool(answers.taken_for_male[row])
    certainty = max(answers.male_probability[row], 1.0 - answers.male_probability[row])
    known = bool(answers.gender_known[row])
    other_gender = known and not answers.gender_is_right[row]
    wrong = abs(answers.age_error[row]) > FAR_OFF or other_gender
    truth = f" {_gender(male=bool(answers.male[row]))}" if known else ""
    axes.imshow(face)
    axes.set_title(f"is {answers.age[row]:.0f}{truth}", fontsize=9, pad=3)
    axes.text(
        0.5,
        -0.04,
        f"guess {answers.guessed_age[row]:.0f} {_gender(male=male)} {certainty:.0%}",
        color=VERMILION if wrong else BLUE,
        fontsize=9,
        horizontalalignment="center",
        verticalalignment="top",
        transform=axes.transAxes,
    )


def _gender(*, male: bool) -> str:
    return "male" if male else "female"
