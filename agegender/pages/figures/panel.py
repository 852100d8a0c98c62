"""One size and one way to draw for the figures of a page.

Half a page wide, so that letters stay legible where a phone shows them.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from agegender.evaluate.figures.style import BLUE, GREY, ORANGE, VERMILION, new_figure
from agegender.evaluate.figures.style import tidy as tidied

WIDTH, HEIGHT = 5.2, 3.4
"""Of a figure, in inches."""

GENDERS: Final = ((0, "female", ORANGE), (1, "male", BLUE), (-1, "unknown", GREY))
"""Code, name and colour."""

Values = npt.NDArray[np.float64]


def panel(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """Make a figure of one pair of axes that count things."""
    figure = new_figure(WIDTH, HEIGHT, title)
    axes = tidied(figure.subplots(), x, y)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    return figure, axes


def draw_kept(axes: Axes, read: Values, kept: Values, edges: Values) -> None:
    """Draw how many rows were read and how many of them kept, by some value."""
    for values, label, colour in ((read, "read", GREY), (kept, "kept", BLUE)):
        counts = np.histogram(values, edges)[0]
        alpha = 0.45 if label == "read" else 1.0
        name = f"{label}: {len(values):,}"
        axes.stairs(counts, edges, fill=True, color=colour, alpha=alpha, label=name)


def draw_genders(
    axes: Axes, age: Values, gender: npt.NDArray[np.int8], edges: Values, *, share: bool
) -> None:
    """Draw ages by gender, as outlines over each other.

    Args:
        axes: Where.
        age: (n,), in years.
        gender: (n,), codes of `GENDERS`.
        edges: Of the bins, in years.
        share: Of all n faces, instead of their number.
    """
    for code, name, colour in GENDERS:
        ages = age[gender == code]
        if len(ages):
            counts = np.histogram(ages, edges)[0] / (len(age) if share else 1)
            label = f"{name}: {len(ages):,}"
            axes.stairs(counts, edges, color=colour, linewidth=1.6, label=label)
            axes.stairs(counts, edges, fill=True, color=colour, alpha=0.15)


def add_legend(axes: Axes) -> None:
    """Name what is drawn, above the axes, where nothing is drawn."""
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=3,
        frameon=False,
        fontsize=9,
        columnspacing=1.2,
    )


def mark_limits(axes: Axes, limits: Mapping[str, float]) -> None:
    """Mark limits, of which each has a name."""
    for name, value in limits.items():
        axes.axvline(value, color=VERMILION, linestyle="--", linewidth=1.4, label=name)
