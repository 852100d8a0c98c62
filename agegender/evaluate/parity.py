"""How far a file's answers are from those of the network it was made from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agegender.config import Point
from agegender.evaluate.answers import pair
from agegender.model.ages import expected_age
from agegender.model.network import AgeGender


@dataclass(frozen=True)
class Accuracy:
    """How well faces with known ages are told.

    Args:
        mean_absolute_error: Years.
        gender_accuracy: 0..1, over the faces whose gender is known; None if none.
    """

    mean_absolute_error: float
    gender_accuracy: float | None


@dataclass(frozen=True)
class Parity:
    """What changed.

    Args:
        faces: How many were asked about.
        largest_years: Largest difference of expected ages.
        mean_years: Mean difference of expected ages, without sign.
        largest_male: Largest difference of probabilities of male.
        before: Of the network that the file was made from; None without labels.
        after: Of the file.
    """

    faces: int
    largest_years: float
    mean_years: float
    largest_male: float
    before: Accuracy | None = None
    after: Accuracy | None = None

    @property
    def lost_years(self) -> float | None:
        """Return by how much the mean absolute error grew; None without labels."""
        if self.before is None or self.after is None:
            return None
        return self.after.mean_absolute_error - self.before.mean_absolute_error


def compare_answers(
    before: AgeGender,
    after: AgeGender,
    point: Point,
    labels: pd.DataFrame | None = None,
) -> Parity:
    """Compare what two networks say of the same faces.

    Args:
        before: Of n faces, n above 0.
        after: Of the same.
        point: Which age of a distribution is told as the age.
        labels: `age`, `gender` and `identity` of the faces, as in a store.
    """
    ages = [expected_age(answers.age_probabilities) for answers in (before, after)]
    years = np.abs(ages[1] - ages[0])
    male = np.abs(after.male_probability - before.male_probability)
    accuracies = (
        () if labels is None else [_of(a, labels, point) for a in (before, after)]
    )
    return Parity(
        len(years),
        float(years.max()),
        float(years.mean()),
        float(male.max()),
        *accuracies,
    )


def _of(answers: AgeGender, labels: pd.DataFrame, point: Point) -> Accuracy:
    paired = pair(*answers, labels, point)
    known = paired.gender_known
    return Accuracy(
        float(np.abs(paired.age_error).mean()),
        float(paired.gender_is_right[known].mean()) if known.any() else None,
    )
