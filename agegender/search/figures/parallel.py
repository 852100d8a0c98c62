"""All trials as lines across one axis a setting: which values go together, and well."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from agegender.evaluate.figures.style import BLUE, GREY, VERMILION, new_figure
from agegender.search.figures.scales import Scale, parallel_heights, parallel_scales
from agegender.search.result import StudyResult

GOOD_TO_BAD = LinearSegmentedColormap.from_list("good to bad", [BLUE, "#dbe4ea"])


def parallel_coordinates(result: StudyResult, error: str, title: str) -> Figure:
    """Draw each trial as a line; the lower its error, the darker.

    A line breaks where a setting was not drawn, and ends before the error where a
    trial was given up.

    Args:
        result: Of the study.
        error: What the last axis is called.
        title: Of the figure.
    """
    known = result.trials[result.trials["value"].notna()]
    scales = parallel_scales(result, error)
    figure = new_figure(max(6.0, 1.9 * len(scales)), 4.4, title)
    axes = figure.subplots()
    _draw_axes(axes, list(scales.values()))
    _draw_trials(axes, known, parallel_heights(known, scales), result.best_number)
    looks: dict[str, dict[str, Any]] = {
        "best": {"color": VERMILION, "linewidth": 2.2},
        "completed, low error to high": {"color": BLUE},
        "given up early": {"color": GREY, "linestyle": ":"},
    }
    lines = [Line2D([], [], label=name, **look) for name, look in looks.items()]
    figure.legend(handles=lines, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_axes(axes: Axes, scales: list[Scale]) -> None:
    axes.set_xlim(-0.3, len(scales) - 0.6)
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(scales)), [scale.label for scale in scales])
    axes.xaxis.set_ticks_position("top")
    axes.tick_params(axis="x", length=0)
    for place, scale in enumerate(scales):
        axes.axvline(place, color="#333333", linewidth=0.9, ymin=0.035, ymax=0.965)
        for at, text in scale.marks():
            axes.plot([place - 0.015, place], [at, at], color="#333333", linewidth=0.9)
            axes.text(
                place - 0.03,
                at,
                text,
                fontsize=8,
                ha="right",
                va="center",
                zorder=6,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6},
            )


def _draw_trials(
    axes: Axes, known: pd.DataFrame, heights: NDArray[np.float64], best: int
) -> None:
    states, numbers = known["state"].to_numpy(), known["number"].to_numpy()
    ranks = known["value"].rank(pct=True).to_numpy()
    # The best are drawn last, on top.
    for row in np.argsort(-ranks, kind="stable"):
        look: dict[str, Any]
        if numbers[row] == best:
            look = {"color": VERMILION, "linewidth": 2.2, "zorder": 5}
        elif states[row] == "complete":
            look = {"color": GOOD_TO_BAD(ranks[row]), "linewidth": 1.2, "zorder": 3}
        else:
            look = {"color": GREY, "linestyle": ":", "linewidth": 0.9, "zorder": 2}
        axes.plot(range(heights.shape[1]), heights[row], **look)
