"""What one reaches without looking at the face.

An error of 9 years is good or bad only beside the error of always saying the same
thing. The guess is made from the training labels alone, the best constant for
each measure, and is then measured on the faces under test.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agegender.config import MAX_AGE
from agegender.errors import DataError
from agegender.evaluate.answers import AGES, EVEN, Answers, FloatArray
from agegender.evaluate.metrics import CLOSE, METRICS, age_class


@dataclass(frozen=True, eq=False)
class TrivialGuess:
    """The same answer for every face.

    Args:
        median_age: Least absolute error on the training faces, in years.
        mean_age: Least squared error, in years.
        central_age: Most training faces within 5 years, in years.
        age_histogram: float64 (101,), smoothed frequency of each age.
        male_share: Smoothed frequency of men among the training faces of known
            gender, 0..1; None where there are none.
    """

    median_age: float
    mean_age: float
    central_age: float
    age_histogram: FloatArray
    male_share: float | None


def trivial_guess(train_labels: pd.DataFrame) -> TrivialGuess:
    """Learn the constant answers.

    Args:
        train_labels: One row a training face: `age` in years, `gender` (0 female,
            1 male, anything else unknown).

    Raises:
        DataError: If there are no training faces.
    """
    if train_labels.empty:
        msg = "the trivial guess needs training labels. Received: 0 rows."
        raise DataError(msg)
    age = train_labels["age"].to_numpy(dtype=np.float64)
    known = int(train_labels["gender"].isin([0, 1]).sum())
    men = int((train_labels["gender"] == 1).sum())
    # One imagined face in each class: an age never seen is rare, not impossible.
    counts = np.bincount(age_class(age), minlength=MAX_AGE + 1) + 1.0
    return TrivialGuess(
        median_age=float(np.median(age)),
        mean_age=float(age.mean()),
        central_age=_central_age(age),
        age_histogram=counts / counts.sum(),
        male_share=(men + 1.0) / (known + 2.0) if known else None,
    )


def _central_age(age: FloatArray) -> float:
    ordered = np.sort(age)
    within = np.searchsorted(ordered, AGES + CLOSE, side="right") - np.searchsorted(
        ordered, AGES - CLOSE, side="left"
    )
    return float(np.argmax(within))


def trivial_values(guess: TrivialGuess, truth: Answers) -> dict[str, float]:
    """Measure the trivial guess on the faces under test.

    Args:
        guess: From `trivial_guess`.
        truth: The faces; their predictions are not read.

    Returns:
        Name of a metric -> value, for every name in `METRICS` of which training
        labels tell anything; NaN where no face under test counts.
    """
    constants = {
        "mean_absolute_error": guess.median_age,
        "median_absolute_error": guess.median_age,
        "root_mean_squared_error": guess.mean_age,
        "age_bias": guess.mean_age,
        "cs_at_5": guess.central_age,
    }
    values: dict[str, float] = {}
    for name, metric in METRICS.items():
        if metric.of_gender and guess.male_share is None:
            continue
        answers = _same_for_all(guess, truth, constants.get(name))
        values[name] = metric.value(answers)
    return values


def _same_for_all(guess: TrivialGuess, truth: Answers, age: float | None) -> Answers:
    """Answer with one age, or with the histogram where `age` is None.

    That age is the expectation, whichever age of a distribution the model tells.
    """
    distribution = guess.age_histogram if age is None else _two_point(age)
    male_share = EVEN if guess.male_share is None else guess.male_share
    return replace(
        truth,
        age_probabilities=np.broadcast_to(distribution, (len(truth), len(AGES))),
        male_probability=np.full(len(truth), male_share),
        point="expectation",
    )


def _two_point(age: float) -> FloatArray:
    """Return the distribution over the neighbouring ages whose mean is `age`."""
    below = min(int(age), MAX_AGE - 1)
    distribution = np.zeros(len(AGES))
    distribution[below : below + 2] = below + 1 - age, age - below
    return distribution
