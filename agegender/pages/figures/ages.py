"""How old the faces are: by gender, by split, and beyond the limits."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from agegender.config import MAX_AGE, FilterRules
from agegender.data.splits import SPLITS
from agegender.evaluate.figures.style import new_figure, tidy
from agegender.pages.figures.panel import (
    WIDTH,
    Values,
    add_legend,
    draw_genders,
    draw_kept,
    mark_limits,
    panel,
)

SHOWN = (-20.0, 120.0)
"""Ages shown of those read, in years."""


def ages_by_gender(labels: pd.DataFrame) -> Figure:
    """Draw the ages of the kept faces, by gender.

    Args:
        labels: `age` in years, `gender` (0 female, 1 male, -1 unknown).
    """
    figure, axes = panel("Ages kept, by gender", "age (years)", "faces")
    age, gender = labels["age"].to_numpy(np.float64), labels["gender"].to_numpy()
    draw_genders(axes, age, gender, _edges(2.0), share=False)
    axes.set_xlim(0, MAX_AGE)
    add_legend(axes)
    return figure


def ages_read(rows: pd.DataFrame, rules: FilterRules) -> Figure | None:
    """Draw the ages of all rows read, and the limits; None where none is known.

    Args:
        rows: All rows read: `age` in years, `rule`.
        rules: With the limits.
    """
    ages = rows["age"].to_numpy(dtype=np.float64)
    shown = (ages >= SHOWN[0]) & (ages <= SHOWN[1])
    if not shown.any():
        return None
    figure, axes = panel("Ages read", "age (years)", "rows")
    kept = shown & (rows["rule"] == "").to_numpy(dtype=bool)
    edges = np.arange(SHOWN[0] - 0.5, SHOWN[1] + 2.0, 2.0)
    draw_kept(axes, ages[shown], ages[kept], edges)
    limits = {
        f"limits: {rules.min_age} to {rules.max_age}": rules.min_age - 0.5,
        "_other limit": rules.max_age + 0.5,
    }
    mark_limits(axes, limits)
    add_legend(axes)
    return figure


def ages_by_split(labels: pd.DataFrame) -> Figure:
    """Draw ages and genders of the splits, under each other for comparison.

    Args:
        labels: `age` in years, `gender`, `split`.
    """
    there = [split for split in SPLITS if (labels["split"] == split).any()]
    figure = new_figure(WIDTH, 0.9 + 1.9 * len(there), "Ages and genders of the splits")
    panels = figure.subplots(len(there), 1, sharex=True, sharey=True, squeeze=False)
    for axes, split in zip(panels.ravel(), there, strict=True):
        rows = labels[labels["split"] == split]
        age, gender = rows["age"].to_numpy(np.float64), rows["gender"].to_numpy()
        draw_genders(axes, age, gender, _edges(4.0), share=True)
        tidy(axes, "", f"share of {split}")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        add_legend(axes)
    panels[-1, 0].set(xlabel="age (years)", xlim=(0, MAX_AGE))
    return figure


def _edges(width: float) -> Values:
    # Whole years lie in the middle of their bins.
    return np.arange(-0.5, MAX_AGE + 0.5 + width, width)
