"""Measures that need the faces in order: a median, an area under a curve.

Each puts the faces in order once and then answers for many weightings of them, as a
bootstrap needs it.
"""

import numpy as np

from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.metric import Weigh


def median_absolute_error(answers: Answers) -> Weigh:
    """Prepare the median of the absolute errors of age, in years.

    Between two middle faces it is their mean, as NumPy has it.
    """
    errors = np.abs(answers.age_error)
    order = np.argsort(errors, kind="stable")
    ordered = errors[order]

    def median(weights: FloatArray) -> FloatArray:
        below = np.cumsum(weights[:, order], axis=1)
        half = below[:, -1:] / 2.0
        # Where half the weight ends exactly on a face, the next one has its share.
        first, next_one = (below < half).sum(axis=1), (below <= half).sum(axis=1)
        last = len(ordered) - 1
        middle = ordered[np.minimum(first, last)] + ordered[np.minimum(next_one, last)]
        return np.where(half[:, 0] > 0.0, middle / 2.0, np.nan)

    return median


def gender_auc(answers: Answers) -> Weigh:
    """Prepare the area under the curve of men found against women taken for men.

    It is the chance that a man is given a higher probability of male than a woman;
    a draw counts half. Faces of unknown gender do not count.

    Reference: Hanley & McNeil, Radiology 1982.
    """
    order = np.argsort(answers.male_probability, kind="stable")
    ordered = answers.male_probability[order]
    starts = np.flatnonzero(np.r_[True, np.diff(ordered) > 0.0])
    known = answers.gender_known[order]
    man = (answers.male[order] & known).astype(np.float64)
    woman = (~answers.male[order] & known).astype(np.float64)

    def area(weights: FloatArray) -> FloatArray:
        drawn = weights[:, order]
        men = np.add.reduceat(drawn * man, starts, axis=1)
        women = np.add.reduceat(drawn * woman, starts, axis=1)
        lower = np.cumsum(women, axis=1) - women / 2.0
        pairs = men.sum(axis=1) * women.sum(axis=1)
        won = (men * lower).sum(axis=1)
        unknown = np.full(len(pairs), np.nan)
        return np.asarray(np.divide(won, pairs, out=unknown, where=pairs > 0.0))

    return area
