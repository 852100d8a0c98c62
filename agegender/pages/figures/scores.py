"""What the face detector of a data set's makers said of its photos."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from agegender.config import FilterRules
from agegender.pages.figures.panel import (
    Values,
    add_legend,
    draw_kept,
    mark_limits,
    panel,
)

BINS = 60


def face_scores(rows: pd.DataFrame, rules: FilterRules) -> Figure | None:
    """Draw the scores of the faces, and the limit; None where there are none.

    Args:
        rows: All rows read: `face_score`, `rule`.
        rules: With the limit.
    """
    limit = {f"limit: {rules.min_face_score:g}": rules.min_face_score}
    return _scores(rows, "face_score", "Score of the face", limit)


def second_scores(rows: pd.DataFrame, rules: FilterRules) -> Figure | None:
    """Draw the scores of second faces; None where there is none.

    Args:
        rows: All rows read: `second_face_score`, `rule`.
        rules: Whether such photos were allowed.
    """
    limit = {} if rules.allow_second_face else {"limit: above 0": 0.0}
    return _scores(rows, "second_face_score", "Score of a second face", limit)


def _scores(
    rows: pd.DataFrame, column: str, title: str, limits: dict[str, float]
) -> Figure | None:
    if column not in rows.columns:
        return None
    values = rows[column].to_numpy(dtype=np.float64)
    known = np.isfinite(values)
    if not known.any():
        return None
    figure, axes = panel(title, "score", "photos")
    kept = known & (rows["rule"] == "").to_numpy(dtype=bool)
    draw_kept(axes, values[known], values[kept], _edges(values[known], limits))
    mark_limits(axes, limits)
    add_legend(axes)
    return figure


def _edges(values: Values, limits: dict[str, float]) -> Values:
    """Cut the range into bins that end at the limit, so that none straddles it."""
    low = min([values.min(), *limits.values()])
    high = max([values.max(), *limits.values()])
    width = (high - low) / BINS or 1.0
    start = next(iter(limits.values()), low)
    first = start - np.ceil((start - low) / width) * width
    return np.arange(first, high + 1.001 * width, width)
