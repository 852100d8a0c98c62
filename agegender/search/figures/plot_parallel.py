"""All trials as lines across one axis a setting, to click through.

Drawn as plain lines: Plotly's own parallel coordinates need WebGL, which not every
browser has, and scripts made at run time, which the page does not allow.
"""

import math
from collections.abc import Sequence

import numpy as np

from agegender.pages.markup import escape
from agegender.search.figures.plot_parts import (
    BEST,
    ERROR,
    GOOD,
    SOFT,
    Plot,
    plot,
    told,
)
from agegender.search.figures.scales import Scale, parallel_heights, parallel_scales
from agegender.search.result import StudyResult


def parallel_plot(result: StudyResult, names: Sequence[str]) -> Plot:
    """Draw a line a trial across one axis a setting, any cost's, and the error's.

    Args:
        result: Of the study.
        names: Settings that are told of each trial.
    """
    trials = result.trials[result.trials["value"].notna()]
    axes = parallel_scales(result, ERROR)
    heights = parallel_heights(trials, axes)
    ranks = trials["value"].rank(pct=True).tolist()
    texts = [told(trial, names) for _, trial in trials.iterrows()]
    # The best are drawn last, on top.
    order = np.argsort(-np.asarray(ranks), kind="stable")
    states, numbers = trials["state"].tolist(), trials["number"].tolist()
    lines = [
        _line(heights[row].tolist(), texts[row])
        | _look(states[row], ranks[row], is_best=numbers[row] == result.best_number)
        for row in order
    ]
    places = range(len(axes))
    labels = [scale.label for scale in axes.values()]
    drawn = plot(lines, {"tickvals": list(places), "ticktext": labels}, {})
    upright = {"showgrid": False, "showline": False, "fixedrange": True}
    drawn["layout"]["xaxis"] |= {"side": "top", "range": [-0.45, len(axes) - 0.6]}
    drawn["layout"]["xaxis"] |= upright
    drawn["layout"]["yaxis"] |= {"visible": False, "range": [-0.04, 1.04]} | upright
    return drawn | {"layout": drawn["layout"] | _uprights(list(axes.values()))}


def _line(heights: list[float], text: str) -> Plot:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(heights))),
        "y": [None if math.isnan(height) else height for height in heights],
        "text": text,
        "hovertemplate": "%{text}<extra></extra>",
        "unselected": {"marker": {"opacity": 1.0}},
    }


def _look(state: str, rank: float, *, is_best: bool) -> Plot:
    """Return how a trial's line looks; the higher its error, the fainter."""
    if is_best:
        return _coloured(BEST, 3.5, "solid")
    if state == "complete":
        return _coloured(f"{GOOD}{round(255 * (1.0 - 0.75 * rank)):02x}", 1.6, "solid")
    return _coloured(f"{SOFT}80", 1.0, "dot")


def _coloured(colour: str, width: float, dash: str) -> Plot:
    return {
        "line": {"color": colour, "width": width, "dash": dash},
        "marker": {"color": colour, "size": 3.0 + width},
    }


def _uprights(axes: Sequence[Scale]) -> Plot:
    """Return the axes and what is written on them, drawn by ourselves."""
    lines = [
        {
            "type": "line",
            "layer": "below",
            "line": {"color": SOFT, "width": 1},
            "x0": place,
            "x1": place,
            "y0": 0.0,
            "y1": 1.0,
        }
        for place in range(len(axes))
    ]
    texts = [
        {
            "text": escape(text),
            "x": place,
            "y": height,
            "xanchor": "right",
            "xshift": -4,
            "showarrow": False,
            "font": {"size": 11},
            "bgcolor": "var(--card)",
            "borderpad": 1,
        }
        for place, scale in enumerate(axes)
        for height, text in scale.marks()
    ]
    return {
        "shapes": lines,
        "annotations": texts,
        "showlegend": False,
        "hovermode": "closest",
        "margin": {"l": 24, "r": 24, "t": 44, "b": 12},
    }
