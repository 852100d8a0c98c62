"""What a network answered, side by side with what is true.

Every measure reads this one table, so lengths, ranges and types are checked once,
here, and nowhere else.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from agegender.config import MAX_AGE, Point
from agegender.errors import DataError, ModelError
from agegender.model.ages import point_age

FloatArray = NDArray[np.float64]
EVEN = 0.5
"""Probability of male from which on a face counts as male."""

NO_GENDER = "gender was not measured: no face's gender is known"
"""Said wherever a figure of gender would stand."""

TOLERANCE = 1e-2
"""How far the probabilities of all ages may be from summing to 1."""

AGES = np.arange(MAX_AGE + 1, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Answers:
    """Predictions and truths of n faces, row by row.

    Args:
        age_probabilities: float64 (n, 101), probability of each age 0..100.
        male_probability: float64 (n,), 0..1.
        age: float64 (n,), true age in years.
        male: bool (n,), true gender; False where it is not known.
        gender_known: bool (n,), where the true gender is known.
        identity: int64 (n,), the same number for photos of the same person.
        point: Which age of a distribution is told as the age.
    """

    age_probabilities: FloatArray
    male_probability: FloatArray
    age: FloatArray
    male: NDArray[np.bool_]
    gender_known: NDArray[np.bool_]
    identity: NDArray[np.int64]
    point: Point = "expectation"

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.age)

    @cached_property
    def expected_age(self) -> FloatArray:
        """Return the mean of each age distribution, float64 (n,), in years."""
        return self.age_probabilities @ AGES

    @cached_property
    def guessed_age(self) -> FloatArray:
        """Return the age told of each face, float64 (n,), in years."""
        if self.point == "expectation":
            return self.expected_age
        return point_age(self.age_probabilities, self.point).astype(np.float64)

    @cached_property
    def age_error(self) -> FloatArray:
        """Return guessed age minus true age, float64 (n,), in years."""
        return self.guessed_age - self.age

    @cached_property
    def taken_for_male(self) -> NDArray[np.bool_]:
        """Return where male is the likelier gender, bool (n,); male if even."""
        return np.asarray(self.male_probability >= EVEN)

    @cached_property
    def gender_is_right(self) -> NDArray[np.bool_]:
        """Return where the likelier gender is the true one, bool (n,).

        False where the true one is not known: read it beside `gender_known`.
        """
        right = self.taken_for_male == self.male
        return np.asarray(right & self.gender_known)

    @property
    def identities(self) -> int:
        """Return the number of different people."""
        return len(np.unique(self.identity))

    def take(self, chosen: NDArray[np.bool_]) -> "Answers":
        """Return the chosen faces alone.

        Args:
            chosen: bool (n,).
        """
        return Answers(
            self.age_probabilities[chosen],
            self.male_probability[chosen],
            self.age[chosen],
            self.male[chosen],
            self.gender_known[chosen],
            self.identity[chosen],
            self.point,
        )


def pair(
    age_probabilities: ArrayLike,
    male_probability: ArrayLike,
    labels: pd.DataFrame,
    point: Point = "expectation",
) -> Answers:
    """Put predictions beside their labels.

    Args:
        age_probabilities: float (n, 101), one distribution a face.
        male_probability: float (n,), 0..1.
        labels: One row a face, same order: `age` in years, `gender` (0 female,
            1 male, anything else unknown), `identity`.
        point: Which age of a distribution is told as the age.

    Returns:
        The table that every measure reads.

    Raises:
        DataError: If there are no faces, or a label is missing.
        ModelError: If the predictions do not fit the labels or are not
            probabilities.
    """
    _check_labels(labels)
    ages = np.asarray(age_probabilities, dtype=np.float64)
    males = np.asarray(male_probability, dtype=np.float64)
    _check_predictions(ages, males, len(labels))
    identity, _ = pd.factorize(labels["identity"])
    return Answers(
        ages,
        males,
        labels["age"].to_numpy(dtype=np.float64),
        (labels["gender"] == 1).to_numpy(dtype=bool),
        labels["gender"].isin([0, 1]).to_numpy(dtype=bool),
        identity.astype(np.int64),
        point,
    )


def _check_labels(labels: pd.DataFrame) -> None:
    if missing := {"age", "gender", "identity"} - set(labels.columns):
        msg = f"labels lack {sorted(missing)}. Received: {list(labels.columns)}."
        raise DataError(msg)
    if labels.empty:
        msg = "there are no faces to evaluate. Received: 0 rows. Name a fuller split."
        raise DataError(msg)
    # A gender may be unknown: its measures leave such a face out.
    if unlabelled := int(labels[["age", "identity"]].isna().any(axis=1).sum()):
        msg = f"every face needs age and identity. Rows that lack one: {unlabelled}."
        raise DataError(msg)


def _check_predictions(ages: FloatArray, males: FloatArray, faces: int) -> None:
    if ages.shape != (faces, len(AGES)) or males.shape != (faces,):
        msg = (
            f"{faces} faces need age probabilities ({faces}, {len(AGES)}) and male "
            f"probabilities ({faces},). Received: {ages.shape} and {males.shape}."
        )
        raise ModelError(msg)
    # NaN fails every comparison, so a network that diverged is caught here too.
    sound = (np.abs(ages.sum(axis=1) - 1.0) < TOLERANCE) & (ages >= 0.0).all(axis=1)
    sound &= (males >= 0.0) & (males <= 1.0)
    if not sound.all():
        msg = (
            "predictions must be probabilities: finite, 0..1, ages summing to 1. "
            f"Received: {int((~sound).sum())} of {faces} faces without."
        )
        raise ModelError(msg)
