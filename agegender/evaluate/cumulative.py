"""How many faces are guessed to within k years."""

import numpy as np
import pandas as pd

from agegender.evaluate.answers import Answers
from agegender.evaluate.bootstrap import Resampling
from agegender.evaluate.shares import shares

MOST_YEARS = 15


def cumulative_scores(
    answers: Answers, resampling: Resampling, trivial_age: float
) -> pd.DataFrame:
    """Measure CS@k, the share of faces at most k years off, for k of 0 to 15.

    CS@0 counts faces whose guess, rounded to whole years, is right; beyond it
    nothing is rounded.

    Args:
        answers: n faces.
        resampling: How intervals are drawn.
        trivial_age: What the trivial guess says of every face, in years.

    Returns:
        16 rows of `years`, `faces`, `people`, `share` (0..1), `low`, `high` and
        `trivial_guess`, the share that the trivial guess reaches.

    Reference: Geng et al., PAMI 2007.
    """
    years = np.arange(MOST_YEARS + 1)
    limit = np.where(years > 0, years, 0.5)
    close = np.abs(answers.age_error)[:, np.newaxis] <= limit
    table = shares(close, np.ones_like(close), answers.identity, resampling)
    trivial = (np.abs(trivial_age - answers.age)[:, np.newaxis] <= limit).mean(axis=0)
    return table.assign(years=years, trivial_guess=trivial)[
        ["years", *table.columns, "trivial_guess"]
    ]
