"""Who is on the photos, how often, and when."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, MaxNLocator

from agegender.evaluate.figures.style import BLUE
from agegender.pages.figures.panel import add_legend, draw_kept, panel

EACH_NUMBER = 30
"""Most photos of one person up to which each number has a bar of its own."""

FIRST_YEAR, LAST_YEAR = 1830, 2100
"""Between these a photo may have been taken."""


def photos_per_person(labels: pd.DataFrame) -> Figure:
    """Draw how many people have how many photos, counted on a log scale.

    Args:
        labels: `identity`.
    """
    photos = labels["identity"].value_counts().to_numpy()
    most = int(photos.max())
    figure, axes = panel("Photos of one person", "photos of a person", "people")
    edges = np.arange(0.5, most + 1.5)
    if most > EACH_NUMBER:
        steps = np.geomspace(1.0, most + 1.0, 31).round()
        edges = np.unique(steps) - 0.5
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.stairs(np.histogram(photos, edges)[0], edges, fill=True, color=BLUE)
    if most <= EACH_NUMBER:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_yscale("log")
    axes.set_ylim(0.7)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter(LogFormatter())  # marks below ten people
    return figure


def years(rows: pd.DataFrame) -> Figure | None:
    """Draw the years in which the photos were taken; None where none is known.

    Args:
        rows: All rows read: `photo_taken`, `rule`.
    """
    if "photo_taken" not in rows.columns:
        return None
    taken = rows["photo_taken"].to_numpy(dtype=np.float64)
    known = (taken >= FIRST_YEAR) & (taken <= LAST_YEAR)
    if not known.any():
        return None
    figure, axes = panel("Years in which the photos were taken", "year", "photos")
    kept = known & (rows["rule"] == "").to_numpy(dtype=bool)
    edges = np.arange(taken[known].min() - 0.5, taken[known].max() + 1.0)
    draw_kept(axes, taken[known], taken[kept], edges)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    add_legend(axes)
    return figure
