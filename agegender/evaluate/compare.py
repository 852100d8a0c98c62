"""Whether a challenger is better than the champion, or merely luckier.

Both models answer the same faces, so the difference of their errors is taken face
by face and people are drawn anew for the pair: what makes a face hard for both
cancels out, and far smaller differences can be told from chance.

Reference: Efron & Tibshirani 1993; Koehn, EMNLP 2004 (paired bootstrap).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from agegender.evaluate.answers import Answers, FloatArray, pair
from agegender.evaluate.bootstrap import interval, resampled_sums

Prediction = tuple[ArrayLike, ArrayLike]
"""Age probabilities (n, 101) and male probability (n,), as the network answers."""


@dataclass(frozen=True)
class Comparison:
    """Challenger less champion on the same faces.

    Args:
        difference: Of mean absolute errors, in years; negative is better.
        low: Lower end of its two-sided interval.
        high: Upper end; below 0 the challenger is surely better.
        p_not_better: Share of drawn samples in which it is not better, 0..1.
        gender_difference: Of gender accuracies, -1..1; positive is better.
        gender_low: Lower end of its interval.
        gender_high: Upper end.
        better: The verdict.
        reason: Why, in one line.
    """

    difference: float
    low: float
    high: float
    p_not_better: float
    gender_difference: float
    gender_low: float
    gender_high: float
    better: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def compare(
    challenger: Prediction,
    champion: Prediction,
    labels: pd.DataFrame,
    *,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    gender_tolerance: float = 0.01,
) -> Comparison:
    """Judge a challenger against the champion.

    It is better if its mean absolute error is lower with one-sided `confidence`,
    unless its gender accuracy is lower by more than `gender_tolerance` and that,
    too, is more than chance.

    Args:
        challenger: Predictions for n faces.
        champion: Predictions for the same n faces, same order.
        labels: One row a face: `age`, `gender`, `identity`.
        resamples: Draws of people.
        seed: Of the draws.
        confidence: One-sided, 0.5..1; the intervals are two-sided at
            2 confidence - 1.
        gender_tolerance: Share of gender accuracy that may be lost, 0..1.

    Returns:
        The differences and the verdict.

    Raises:
        DataError: If faces or labels are missing.
        ModelError: If predictions do not fit the labels.
    """
    new, old = pair(*challenger, labels), pair(*champion, labels)
    columns = _gains(new, old)
    draws = resampled_sums(columns, new.identity, resamples, seed)
    years, genders = (draws[:, :2] / draws[:, 2:]).T
    difference, gender_difference = map(float, columns[:, :2].mean(axis=0))
    low, high = interval(years, 2.0 * confidence - 1.0)
    gender_low, gender_high = interval(genders, 2.0 * confidence - 1.0)
    gender_lost = gender_difference < -gender_tolerance and gender_high < 0.0
    return Comparison(
        difference,
        low,
        high,
        # The sample at hand counts as one more draw, so that p is never 0.
        float((1 + np.sum(years >= 0.0)) / (1 + resamples)),
        gender_difference,
        gender_low,
        gender_high,
        better=high < 0.0 and not gender_lost,
        reason=_reason((difference, low, high), gender_difference, lost=gender_lost),
    )


def _gains(new: Answers, old: Answers) -> FloatArray:
    error = np.abs(new.age_error) - np.abs(old.age_error)
    right = new.gender_is_right.astype(np.float64) - old.gender_is_right
    return np.column_stack([error, right, np.ones(len(new))])


def _reason(
    years: tuple[float, float, float], gender_difference: float, *, lost: bool
) -> str:
    difference, low, high = years
    figures = f"{difference:+.3f} years ({low:+.3f} to {high:+.3f})"
    if low == high == 0.0:
        return "both make the same errors on these faces"
    if low > 0.0:
        return f"mean absolute error is worse by {figures}"
    if high >= 0.0:
        return f"mean absolute error differs by {figures}: it could be chance"
    if lost:
        return (
            f"mean absolute error is better by {figures}, but gender accuracy is "
            f"worse by {-gender_difference:.1%}"
        )
    return f"mean absolute error is better by {figures}"
