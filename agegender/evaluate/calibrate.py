"""Fits the corrections of a network on faces that it did not learn from."""

import numpy as np
from scipy.optimize import minimize_scalar

from agegender.config import AGE_BAND_STARTS
from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.metrics import age_class
from agegender.model.calibration import (
    ROUNDING,
    TINY,
    Calibration,
    band_of,
    tempered,
)

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
FEWEST_FACES = 50
"""Faces below which a temperature is not fitted."""

FEWEST_IN_BAND = 100
"""Faces below which a band of predicted ages takes the spans of all ages."""

COLDEST, HOTTEST = 0.05, 20.0


def fit_calibration(answers: Answers) -> Calibration:
    """Find temperatures and spans of intervals.

    The spans are split-conformal: among n faces, the span that holds a share L of
    them is the ceil((n + 1) L)-th smallest of the spans that each face would need, and
    one more face of the same kind falls inside at least as often. Faces are taken as
    independent; where people have several photos the promise is a little weaker.

    Args:
        answers: What the uncorrected network says of validation faces.

    Returns:
        The calibration; that which corrects nothing for fewer than 50 faces.

    Reference: Romano, Patterson & Candès, NeurIPS 2019 (the split-conformal rank).
    """
    if len(answers) < FEWEST_FACES:
        return Calibration()
    ages = answers.age_probabilities
    heat = _temperature(ages, age_class(answers.age))
    known = answers.gender_known
    men = answers.male_probability[known]
    gender_heat = 1.0
    if known.sum() >= FEWEST_FACES:
        both = np.stack([1.0 - men, men], axis=1)
        gender_heat = _temperature(both, answers.male[known].astype(np.int64))
    warmed = tempered(ages, heat)
    needed, band = _needed_span(warmed, answers.age), band_of(warmed @ np.arange(101))
    groups = [needed[band == one] for one in range(len(AGE_BAND_STARTS))]
    spans = [_spans(one if len(one) >= FEWEST_IN_BAND else needed) for one in groups]
    return Calibration(heat, gender_heat, LEVELS, tuple(spans), len(answers))


def _temperature(probabilities: FloatArray, truth: np.ndarray) -> float:
    """Return the temperature of the least log loss, to four digits.

    Where few faces are all told right, the colder the less loss, without end. So half
    the squared logarithm of the temperature is added to the sum over faces, a normal
    prior around 1: it holds 50 faces back and is nothing to a thousand.
    """
    logs = np.log(np.maximum(probabilities, TINY))
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        logits = logs / np.exp(log_temperature)
        logits -= logits.max(axis=1, keepdims=True)
        total = np.log(np.exp(logits).sum(axis=1))
        surprise = np.sum(total - logits[rows, truth])
        return float(surprise + 0.5 * log_temperature**2) / len(truth)

    found = minimize_scalar(
        loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded"
    )
    return float(np.round(np.exp(found.x), 4))


def _needed_span(probabilities: FloatArray, age: FloatArray) -> FloatArray:
    """Return how much of each distribution reaches from its middle to the true age.

    Class k is spread evenly over k - 0.5 to k + 0.5 years, as intervals have it.

    Returns:
        float64 (n,), 0 at the median, 1 at either end.
    """
    rows, classes = np.arange(len(age)), age_class(age)
    totals = np.cumsum(probabilities, axis=1)
    mass = probabilities[rows, classes]
    level = totals[rows, classes] - mass * np.clip(classes + 0.5 - age, 0.0, 1.0)
    return np.asarray(2.0 * np.abs(np.clip(level / totals[:, -1], 0.0, 1.0) - 0.5))


def _spans(needed: FloatArray) -> tuple[float, ...]:
    """Return the conformal span for each of `LEVELS`."""
    ordered = np.sort(needed)
    ranks = np.ceil((len(needed) + 1) * np.array(LEVELS) - ROUNDING).astype(np.int64)
    inside = ranks <= len(needed)
    spans = np.where(inside, ordered[np.minimum(ranks, len(needed)) - 1], 1.0)
    # Ends of intervals are rounded to float32: a face on the very edge stays inside.
    return tuple(np.minimum(np.round(spans + 1e-6, 7), 1.0).tolist())
