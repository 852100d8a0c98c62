"""How much each face counts, so that the many do not drown the few.

Crawled faces are mostly of people between 20 and 50: what is minimised is then
theirs, and children and the old are sacrificed to the middle. Faces of a group, an
age band of one gender, weigh the less the more of them there are, but not in
proportion: the more there are, the more a further one repeats what others showed.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import AGE_BAND_STARTS


def balance_weights(labels: pd.DataFrame, beta: float) -> NDArray[np.float32]:
    """Return the weight of each face, 1 over the effective number of its group.

    n faces of a group count as (1 - beta^n) / (1 - beta) effective ones: as n where
    beta is close to 1, as one where it is 0. A face of unknown gender is half a
    woman's and half a man's, in the count as in the weight.

    Args:
        labels: One row a face, at least one: `age` in years, `gender` (0 female,
            1 male, anything else unknown).
        beta: 0 or more and below 1.

    Returns:
        float32 (n,), above 0, with a mean of 1: the learning rate means what it
        means without weights.

    Reference: Cui et al., CVPR 2019.
    """
    band = np.digitize(labels["age"].to_numpy(np.float64), AGE_BAND_STARTS[1:])
    gender = labels["gender"].to_numpy()
    male = np.where(gender == 1, 1.0, np.where(gender == 0, 0.0, 0.5))
    weights = np.zeros(len(labels))
    for share in (male, 1.0 - male):
        faces = np.bincount(band, share).astype(np.float64)
        weights += share * _weight_of_one(faces, beta)[band]
    return np.asarray(weights / weights.mean(), np.float32)


def _weight_of_one(faces: NDArray[np.float64], beta: float) -> NDArray[np.float64]:
    """Return 1 over the effective number, and 0 for a group that has no faces."""
    effective = (1.0 - beta**faces) / (1.0 - beta)
    return np.divide(1.0, effective, out=np.zeros_like(faces), where=faces > 0)
