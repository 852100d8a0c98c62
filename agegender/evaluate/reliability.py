"""Whether probabilities mean what they say.

If faces given 80 % of being male are men in 8 of 10 cases, and if the true age falls
into each tenth of its predicted distribution equally often, the model knows how sure
it is. Both are counted here, without any assumption of how errors are spread.
"""

import numpy as np
import pandas as pd

from agegender.evaluate.answers import Answers, FloatArray
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.metrics import age_class, ratio
from agegender.evaluate.shares import shares

PIT_BINS = 20

RELIABILITY_BINS = 10
"""Equal parts of 0..1."""


def age_histogram_of_levels(answers: Answers, bins: int = PIT_BINS) -> FloatArray:
    """Count at which levels of their distributions the true ages lie (PIT histogram).

    A true age of k lies anywhere between the levels below and above class k, and is
    counted there evenly, so that classes of a year do not show as spikes.

    Args:
        answers: n faces.
        bins: Equal parts of 0..1.

    Returns:
        float64 (bins,), mean 1: the density of levels. Even where calibrated; a heap
        in the middle tells of too little confidence, at the ends of too much.

    Reference: Czado, Gneiting & Held, Biometrics 2009.
    """
    rows, classes = np.arange(len(answers)), age_class(answers.age)
    totals = np.cumsum(answers.age_probabilities, axis=1)
    high = (totals[rows, classes] / totals[:, -1])[:, np.newaxis]
    mass = answers.age_probabilities[rows, classes] / totals[:, -1]
    low = high - mass[:, np.newaxis]
    edges = np.linspace(0.0, 1.0, bins + 1)
    # How much of each face lies below an edge; all of it at once without a width.
    step = (edges > low).astype(np.float64)
    below = np.divide(edges - low, high - low, out=step, where=high - low > 1e-12)
    below = np.clip(below, 0.0, 1.0)
    below[:, 0], below[:, -1] = 0.0, 1.0
    return np.asarray(np.diff(below.mean(axis=0)) * bins)


def gender_reliability(answers: Answers, resampling: Resampling) -> pd.DataFrame:
    """Compare the probability of male with how many are men.

    Args:
        answers: n faces; those of unknown gender are left out.
        resampling: How intervals are drawn.

    Returns:
        One row a part that holds faces: `from`, `to`, `faces`, `people`, `predicted`
        (mean probability), `share` (of men), `low`, `high`.
    """
    known, bins = answers.take(answers.gender_known), RELIABILITY_BINS
    part = np.minimum((known.male_probability * bins).astype(np.int64), bins - 1)
    inside = part[:, np.newaxis] == np.arange(bins)
    men = np.broadcast_to(known.male[:, np.newaxis], inside.shape)
    table = shares(men, inside, known.identity, resampling)
    total = (inside * known.male_probability[:, np.newaxis]).sum(axis=0)
    table["from"], table["to"] = np.arange(bins) / bins, np.arange(1, bins + 1) / bins
    table["predicted"] = ratio(total, inside.sum(axis=0).astype(np.float64))
    columns = ["from", "to", "faces", "people", "predicted", "share", "low", "high"]
    return table.loc[table["faces"] > 0, columns].reset_index(drop=True)


def expected_calibration_error(reliability: pd.DataFrame) -> float:
    """Return how far probability and share of men lie apart, 0..1, mean over faces.

    Args:
        reliability: As from `gender_reliability`; without rows the answer is NaN.

    Reference: Naeini, Cooper & Hauskrecht, AAAI 2015.
    """
    faces = reliability["faces"].to_numpy(dtype=np.float64)
    apart = (reliability["predicted"] - reliability["share"]).abs().to_numpy()
    return float(ratio(np.array((faces * apart).sum()), np.array(faces.sum())))
