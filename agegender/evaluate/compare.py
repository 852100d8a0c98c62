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

from agegender.counts import counted
from agegender.evaluate.answers import NO_GENDER, Answers, FloatArray
from agegender.evaluate.bootstrap import resampled_sums
from agegender.evaluate.intervals import interval, widened
from agegender.evaluate.metrics import ratio


@dataclass(frozen=True)
class Comparison:
    """Challenger less champion on the same faces.

    Args:
        difference: Of mean absolute errors, in years; negative is better.
        low: Lower end of its two-sided interval, wider for few people; NaN, as the
            upper one, for one person.
        high: Upper end; below 0 the challenger is surely better.
        p_not_better: Share of drawn samples in which it is not better, 0..1.
        gender_difference: Of gender accuracies, -1..1; positive is better. None,
            as both its ends, where no face's gender is known.
        gender_low: Lower end of its interval, over people of known gender.
        gender_high: Upper end.
        gender_faces: Faces of known gender, over which it is taken.
        better: The verdict.
        reason: Why, in one line.
    """

    difference: float
    low: float
    high: float
    p_not_better: float
    gender_difference: float | None
    gender_low: float | None
    gender_high: float | None
    gender_faces: int
    better: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; what was not measured is absent."""
        return {name: got for name, got in asdict(self).items() if pd.notna(got)}


@dataclass(frozen=True)
class _Gain:
    """A difference with the ends of its interval, NaN for one person."""

    difference: float
    low: float
    high: float


def compare_answers(
    new: Answers,
    old: Answers,
    *,
    resamples: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
    gender_tolerance: float = 0.01,
) -> Comparison:
    """Judge a challenger's answers against the champion's.

    It is better if its mean absolute error is lower with one-sided `confidence`,
    unless its gender accuracy is lower by more than `gender_tolerance` and that,
    too, is more than chance. Genders are compared on the faces whose gender is known;
    where there are none, ages alone decide, and the reason says so.

    Args:
        new: Of the challenger.
        old: Of the champion to the same faces, same order.
        resamples: Draws of people.
        seed: Of the draws.
        confidence: One-sided, 0.5..1; the intervals are two-sided at
            2 confidence - 1.
        gender_tolerance: Share of gender accuracy that may be lost, 0..1.

    Returns:
        The differences and the verdict.
    """
    columns = _gains(new, old)
    draws = resampled_sums(columns, new.identity, resamples, seed)
    level = 2.0 * confidence - 1.0
    errors = ratio(draws[:, 0], draws[:, 1])
    years = _gain(float(columns[:, 0].mean()), errors, level, new.identities)
    genders = _gender_gain(new, columns, draws, level)
    lost = (
        genders is not None
        and genders.difference < -gender_tolerance
        and genders.high < 0.0
    )
    gender_faces = int(new.gender_known.sum())
    return Comparison(
        years.difference,
        years.low,
        years.high,
        # The sample at hand counts as one more draw, so that p is never 0.
        float((1 + np.sum(errors >= 0.0)) / (1 + resamples)),
        genders.difference if genders else None,
        genders.low if genders else None,
        genders.high if genders else None,
        gender_faces,
        better=years.high < 0.0 and not lost,
        reason=_reason(years, genders, gender_faces, lost=lost),
    )


def _gains(new: Answers, old: Answers) -> FloatArray:
    """Return error, face, right gender and known gender, challenger less champion."""
    error = np.abs(new.age_error) - np.abs(old.age_error)
    right = new.gender_is_right.astype(np.float64) - old.gender_is_right
    return np.column_stack([error, np.ones(len(new)), right, new.gender_known])


def _gender_gain(
    new: Answers, columns: FloatArray, draws: FloatArray, level: float
) -> _Gain | None:
    if not new.gender_known.any():
        return None
    known = new.take(new.gender_known)
    value = float(columns[:, 2].sum() / len(known))
    return _gain(value, ratio(draws[:, 2], draws[:, 3]), level, known.identities)


def _gain(value: float, draws: FloatArray, level: float, people: int) -> _Gain:
    return _Gain(value, *widened(value, interval(draws, level), level, people))


def years_text(difference: float, low: float, high: float) -> str:
    """Write a difference in years with its interval, NaN where there is none."""
    if np.isnan(high):
        return f"{difference:+z.3f} years on one person"
    return f"{difference:+z.3f} years ({low:+z.3f} to {high:+z.3f})"


def _reason(years: _Gain, genders: _Gain | None, faces: int, *, lost: bool) -> str:
    reason = _reason_of_ages(years)
    if genders is None:
        return f"{reason}; {NO_GENDER}"
    if years.high < 0.0 and lost:
        worse = f"{-genders.difference:.1%} on {counted(faces, 'face')}"
        return f"{reason}, but gender accuracy is worse by {worse}"
    return reason


def _reason_of_ages(years: _Gain) -> str:
    figures = years_text(years.difference, years.low, years.high)
    if years.low == years.high == 0.0:
        return "both make the same errors on these faces"
    if years.low > 0.0:
        return f"mean absolute error is worse by {figures}"
    if not years.high < 0.0:
        return f"mean absolute error differs by {figures}: it could be chance"
    return f"mean absolute error is better by {figures}"
