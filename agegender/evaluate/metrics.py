"""The measures that every report holds."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from agegender.config import MAX_AGE
from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.metric import Metric, RankMetric, SumMetric
from agegender.evaluate.ranked import gender_auc, median_absolute_error

LEAST_PROBABILITY = 1e-7
"""Below it a probability counts as this, so that one face cannot make NLL infinite."""

CLOSE = 5.0
"""Years within which a guess counts as close, the k of CS@k."""


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


def _mean(
    of: Callable[[Answers], FloatArray],
    title: str,
    unit: str,
    *,
    of_gender: bool = False,
    power: int = 1,
) -> SumMetric:
    """Return the mean over the faces that count, or the root of a mean power."""

    def columns(answers: Answers) -> FloatArray:
        both = np.column_stack([of(answers) ** power, np.ones(len(answers))])
        return both * answers.gender_known[:, np.newaxis] if of_gender else both

    def finish(sums: FloatArray) -> FloatArray:
        return np.asarray(ratio(sums[..., 0], sums[..., 1]) ** (1.0 / power))

    return SumMetric(title, unit, of_gender, columns, finish, unit == "share")


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "mean_absolute_error": _mean(
            lambda answers: np.abs(answers.age_error), "mean absolute error", "years"
        ),
        "median_absolute_error": RankMetric(
            "median absolute error", "years", False, median_absolute_error
        ),
        "root_mean_squared_error": _mean(
            lambda answers: answers.age_error,
            "root mean squared error",
            "years",
            power=2,
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
        "gender_accuracy": _mean(
            lambda answers: answers.gender_is_right.astype(np.float64),
            "gender accuracy",
            "share",
            of_gender=True,
        ),
        "gender_balanced_accuracy": SumMetric(
            "gender accuracy, balanced", "share", True, _by_gender, _mean_of_recalls
        ),
        "gender_auc": RankMetric(
            "gender, area under the ROC curve", "share", True, gender_auc
        ),
        "gender_nll": _mean(gender_surprise, "gender log loss", "nats", of_gender=True),
    }
)
