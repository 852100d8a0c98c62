"""How a training went, both heads, on training and validation faces."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from agegender.counts import counted
from agegender.evaluate.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    keep_to_shares,
    legend_below,
    new_figure,
    say,
    tidy,
)

PANELS = (
    ("age_loss", "age loss"),
    ("age_mae", "mean absolute error (years)"),
    ("gender_loss", "gender loss"),
    ("gender_accuracy", "gender accuracy"),
)


def training_curves(history: pd.DataFrame) -> Figure:
    """Draw loss and success of both heads by epoch.

    Args:
        history: One row an epoch: `age_loss`, `age_mae`, `gender_loss`,
            `gender_accuracy` and their `val_` twins; a column that is missing
            is not drawn, and a panel without any says so.
    """
    figure = new_figure(10.0, 6.5, f"Training, {counted(len(history), 'epoch')}")
    for axes, (name, title) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        _draw(axes, history, name)
        tidy(axes, "epoch", title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.axes[3].yaxis.set_major_formatter(PercentFormatter(1.0))
    keep_to_shares(figure.axes[3])
    _mark_best(figure, history)
    legend_below(figure, figure.axes[0])
    return figure


def _draw(axes: Axes, history: pd.DataFrame, name: str) -> None:
    epoch = np.arange(1, len(history) + 1)
    looks = (
        (name, "training faces", BLUE, "--"),
        (f"val_{name}", "validation faces", VERMILION, "-"),
    )
    for column, label, colour, line in looks:
        if column in history:
            values = history[column].to_numpy(dtype=np.float64)
            axes.plot(
                *(epoch, values, line),
                color=colour,
                label=label,
                marker="o",
                markersize=3,
                clip_on=False,
            )
    if not axes.lines:
        say(axes, "not measured")


def _mark_best(figure: Figure, history: pd.DataFrame) -> None:
    """Mark the epoch whose weights are kept: the lowest validation MAE."""
    if "val_age_mae" not in history or history["val_age_mae"].isna().all():
        return
    best = int(np.nanargmin(history["val_age_mae"].to_numpy(dtype=np.float64))) + 1
    for axes in figure.axes:
        axes.axvline(best, color=GREY, linewidth=1.0, linestyle=":", label="best epoch")
