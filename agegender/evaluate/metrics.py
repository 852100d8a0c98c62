"""The measures, each as sums over faces.

A measure is written as a few columns, one row a face, and a rule that turns the
columns' sums into one number. Resampling people then needs sums alone: no measure
is computed face by face a thousand times. A face whose gender nobody knows has 0
in every column of a measure of gender, and so counts in neither part of a ratio.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from agegender.config import MAX_AGE
from agegender.evaluate.answers import Answers, FloatArray

LEAST_PROBABILITY = 1e-7
"""Below it a probability counts as this, so that one face cannot make NLL infinite."""


CLOSE = 5.0
"""Years within which a guess counts as close, the k of CS@k."""


@dataclass(frozen=True)
class Metric:
    """One measure.

    Args:
        title: What people read.
        unit: `years`, `share` (0..1) or `nats`.
        columns: Answers of n faces -> float64 (n, k).
        finish: Sums of the columns, float64 (..., k) -> values, float64 (...).
        of_gender: Whether only faces of known gender count.
    """

    title: str
    unit: str
    columns: Callable[[Answers], FloatArray]
    finish: Callable[[FloatArray], FloatArray]
    of_gender: bool = False

    def counted(self, answers: Answers) -> NDArray[np.bool_]:
        """Return which faces the measure is taken over, bool (n,)."""
        everybody = np.ones(len(answers), dtype=np.bool_)
        return answers.gender_known if self.of_gender else everybody


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide, answering NaN where the whole is 0.

    Args:
        part: float64, any shape.
        whole: float64, same shape.
    """
    unknown = np.full(np.shape(part), np.nan)
    return np.asarray(np.divide(part, whole, out=unknown, where=whole > 0))


def age_class(age: FloatArray) -> NDArray[np.int64]:
    """Return the age class, int64 (n,) in 0..100, nearest to each age in years."""
    return np.clip(np.rint(age), 0, MAX_AGE).astype(np.int64)


def age_surprise(answers: Answers) -> FloatArray:
    """Return -log of the probability given to the true age, float64 (n,), in nats."""
    rows = np.arange(len(answers))
    given = answers.age_probabilities[rows, age_class(answers.age)]
    return -np.log(np.maximum(given, LEAST_PROBABILITY))


def gender_surprise(answers: Answers) -> FloatArray:
    """Return -log of the probability given to the true gender, float64 (n,), nats.

    Without meaning where the true gender is not known.
    """
    male = answers.male_probability
    given = np.where(answers.male, male, 1.0 - male)
    return -np.log(np.maximum(given, LEAST_PROBABILITY))


def _by_gender(answers: Answers) -> FloatArray:
    right, male = answers.gender_is_right, answers.male
    female = answers.gender_known & ~male
    columns = [right & female, female, right & male, male]
    return np.column_stack(columns).astype(np.float64)


def _mean_of_recalls(sums: FloatArray) -> FloatArray:
    women = ratio(sums[..., 0], sums[..., 1])
    men = ratio(sums[..., 2], sums[..., 3])
    return (women + men) / 2.0


def _mean(of: Callable[[Answers], FloatArray], title: str, unit: str) -> Metric:
    return Metric(
        title,
        unit,
        lambda answers: np.column_stack([of(answers), np.ones(len(answers))]),
        lambda sums: ratio(sums[..., 0], sums[..., 1]),
    )


def _mean_of_gender(
    of: Callable[[Answers], FloatArray], title: str, unit: str
) -> Metric:
    return Metric(
        title,
        unit,
        lambda answers: (
            np.column_stack([of(answers), np.ones(len(answers))])
            * answers.gender_known[:, np.newaxis]
        ),
        lambda sums: ratio(sums[..., 0], sums[..., 1]),
        of_gender=True,
    )


def _root_mean_square(
    of: Callable[[Answers], FloatArray], title: str, unit: str
) -> Metric:
    return Metric(
        title,
        unit,
        lambda answers: np.column_stack([of(answers) ** 2, np.ones(len(answers))]),
        lambda sums: np.sqrt(ratio(sums[..., 0], sums[..., 1])),
    )


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "mean_absolute_error": _mean(
            lambda answers: np.abs(answers.age_error), "mean absolute error", "years"
        ),
        "root_mean_squared_error": _root_mean_square(
            lambda answers: answers.age_error, "root mean squared error", "years"
        ),
        "age_bias": _mean(
            lambda answers: answers.age_error, "bias (guessed - true)", "years"
        ),
        "cs_at_5": _mean(
            lambda answers: (np.abs(answers.age_error) <= CLOSE).astype(np.float64),
            "at most 5 years off",
            "share",
        ),
        "age_nll": _mean(age_surprise, "age log loss", "nats"),
        "gender_accuracy": _mean_of_gender(
            lambda answers: answers.gender_is_right.astype(np.float64),
            "gender accuracy",
            "share",
        ),
        "gender_balanced_accuracy": Metric(
            "gender accuracy, balanced",
            "share",
            _by_gender,
            _mean_of_recalls,
            of_gender=True,
        ),
        "gender_nll": _mean_of_gender(gender_surprise, "gender log loss", "nats"),
    }
)
