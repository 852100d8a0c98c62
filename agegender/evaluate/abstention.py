"""What is gained by not answering the faces that the model is least sure of."""

import numpy as np
import pandas as pd

from agegender.evaluate.answers import AGES, Answers, FloatArray
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.metrics import METRICS

ANSWERED = tuple(share / 100 for share in range(100, 5, -10))
"""Shares of the faces that are answered, 0..1."""


def age_spread(answers: Answers) -> FloatArray:
    """Return the standard deviation of each age distribution, float64 (n,), years."""
    squares = answers.age_probabilities @ AGES**2
    return np.asarray(np.sqrt(np.maximum(squares - answers.expected_age**2, 0.0)))


def abstention(answers: Answers, resampling: Resampling) -> pd.DataFrame:
    """Measure the errors on the faces that the model is surest of.

    Ages are answered where their distribution is narrowest, genders where the
    probability is farthest from even; each by its own order.

    Args:
        answers: n faces.
        resampling: How intervals are drawn.

    Returns:
        One row a share answered: `answered` (0..1), `faces`, `largest_spread` (years,
        the widest distribution still answered), `mean_absolute_error` with `_low` and
        `_high`, and, where genders are known, `least_certainty` (0.5..1, the likelier
        gender's probability), `gender_accuracy` with `_low` and `_high`.
    """
    spread = age_spread(answers)
    doubt = np.abs(answers.male_probability - 0.5)
    by_age = np.argsort(spread, kind="stable")
    by_gender = np.argsort(-doubt, kind="stable")
    by_gender = by_gender[answers.gender_known[by_gender]]
    rows = []
    for share in ANSWERED:
        ages = by_age[: _count(len(by_age), share)]
        row = {"answered": share, "faces": len(ages)}
        row |= {"largest_spread": float(spread[ages[-1]])}
        row |= _measured(answers, ages, "mean_absolute_error", resampling)
        if len(by_gender):
            genders = by_gender[: _count(len(by_gender), share)]
            row |= {"least_certainty": 0.5 + float(doubt[genders[-1]])}
            row |= _measured(answers, genders, "gender_accuracy", resampling)
        rows.append(row)
    return pd.DataFrame(rows)


def _count(faces: int, share: float) -> int:
    return max(1, round(faces * share))


def _measured(
    answers: Answers, faces: np.ndarray, name: str, resampling: Resampling
) -> dict[str, float]:
    chosen = np.zeros(len(answers), dtype=np.bool_)
    chosen[faces] = True
    got = estimate(answers.take(chosen), resampling, {name: METRICS[name]})[name]
    return {name: got.value, f"{name}_low": got.low, f"{name}_high": got.high}
