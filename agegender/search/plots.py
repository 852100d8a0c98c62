"""Figures of a study to click through, as Plotly reads them.

They are plain JSON values. Text in them is escaped, since Plotly takes some of HTML
for markup. Colours are the page's, as `var(--ink)`, with two hex digits behind for
how much of it: the page's script looks them up, by day and by night.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from agegender.config import short_name
from agegender.pages.markup import escape
from agegender.search.result import StudyResult
from agegender.search.scales import Scale, setting_scales
from agegender.search.summary import shown

Plot = dict[str, Any]
"""What Plotly draws, its `data` and `layout`; or a part of that."""

ERROR: Final = "validation MAE, years"
INK, SOFT, LINE = "var(--ink)", "var(--soft)", "var(--line)"
GOOD, BEST = "var(--blue)", "var(--limit)"
GIVEN_UP: Final = {
    "symbol": "x-thin",
    "size": 7,
    "line": {"width": 1.5, "color": SOFT},
}
COMPLETED: Final = {"symbol": "circle", "size": 8, "color": GOOD}
BEST_STAR: Final = {"symbol": "star", "size": 15, "color": BEST}


def study_plots(result: StudyResult) -> dict[str, Plot]:
    """Draw a study.

    Args:
        result: Of the study.

    Returns:
        `history`, `importances` where trials suffice, `parallel_coordinates`, and
        one by the short name of each setting.
    """
    scales = setting_scales(result)
    plots = {"history": _history(result, list(scales))}
    if result.importances:
        plots["importances"] = _importances(result.importances)
    plots["parallel_coordinates"] = _parallel(result, scales)
    for name, scale in scales.items():
        plots[scale.label] = _slice(result, name, scale, list(scales))
    return plots


def _history(result: StudyResult, names: Sequence[str]) -> Plot:
    trials = result.trials[result.trials["value"].notna()].sort_values("number")
    complete = trials[trials["state"] == "complete"]
    best: Plot = {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": complete["number"].tolist(),
        "y": complete["value"].cummin().tolist(),
        "line": {"shape": "hv", "color": BEST, "width": 2},
        "hoverinfo": "skip",
    }
    points = _points(result, trials, trials["number"].tolist(), names)
    return _plot([best, *points], {"title": "trial"}, {"title": ERROR})


def _slice(result: StudyResult, name: str, scale: Scale, names: Sequence[str]) -> Plot:
    trials = result.trials[result.trials["value"].notna()]
    trials = trials[trials[name].notna()]
    places = scale.places(trials[name]).tolist()
    return _plot(
        _points(result, trials, places, names),
        {"title": scale.label, **_ticks(scale)},
        {"title": ERROR},
    )


def _points(
    result: StudyResult, trials: pd.DataFrame, x: Sequence[float], names: Sequence[str]
) -> list[Plot]:
    """Return the trials by state, and the best once more on top."""
    state = trials["state"]
    chosen = {
        "given up early": (state == "pruned", GIVEN_UP),
        "completed": (state == "complete", COMPLETED),
        "best": (trials["number"] == result.best_number, BEST_STAR),
    }
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": [place for place, is_mine in zip(x, mine, strict=True) if is_mine],
            "y": trials.loc[mine, "value"].tolist(),
            "text": [_told(trial, names) for _, trial in trials[mine].iterrows()],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": marker,
        }
        for name, (mine, marker) in chosen.items()
        if mine.any()
    ]


def _told(trial: "pd.Series[Any]", names: Sequence[str]) -> str:
    """Tell all of one trial, a line each."""
    lines = [f"<b>trial {trial['number']}: {trial['value']:.2f} years</b>"]
    drawn = [name for name in names if not pd.isna(trial[name])]
    lines += [f"{short_name(name)} {shown(trial[name])}" for name in drawn]
    if trial["state"] == "pruned":
        lines.append("given up early")
    return "<br>".join([lines[0], *map(escape, lines[1:])])


def _importances(shares: Mapping[str, float]) -> Plot:
    ordered = sorted(shares.items(), key=lambda one: one[1])
    bars: Plot = {
        "type": "bar",
        "orientation": "h",
        "x": [share for _, share in ordered],
        "y": [short_name(name) for name, _ in ordered],
        "marker": {"color": GOOD},
        "hovertemplate": "%{y}: %{x:.0%}<extra></extra>",
    }
    share = {"title": "share of the error's variation", "tickformat": ".0%"}
    return _plot([bars], {**share, "range": [0, 1]}, {"title": "", "automargin": True})


def _parallel(result: StudyResult, scales: Mapping[str, Scale]) -> Plot:
    """Draw a line a trial across one axis a setting, and one for the error."""
    trials = result.trials[result.trials["value"].notna()].copy()
    # An error from halfway is no match for one from the end.
    trials["end"] = trials["value"].where(trials["state"] == "complete")
    axes = {**scales, "end": Scale.of(ERROR, trials["end"])}
    heights = np.stack([axes[name].heights(trials[name]) for name in axes], axis=1)
    ranks = trials["value"].rank(pct=True).tolist()
    told = [_told(trial, list(scales)) for _, trial in trials.iterrows()]
    # The best are drawn last, on top.
    order = np.argsort(-np.asarray(ranks), kind="stable")
    states, numbers = trials["state"].tolist(), trials["number"].tolist()
    lines = [
        _line(heights[row].tolist(), told[row])
        | _look(states[row], ranks[row], is_best=numbers[row] == result.best_number)
        for row in order
    ]
    places = range(len(axes))
    labels = [scale.label for scale in axes.values()]
    plot = _plot(lines, {"tickvals": list(places), "ticktext": labels}, {})
    upright = {"showgrid": False, "showline": False, "fixedrange": True}
    plot["layout"]["xaxis"] |= {"side": "top", "range": [-0.45, len(axes) - 0.6]}
    plot["layout"]["xaxis"] |= upright
    plot["layout"]["yaxis"] |= {"visible": False, "range": [-0.04, 1.04]} | upright
    return plot | {"layout": plot["layout"] | _uprights(list(axes.values()))}


def _line(heights: list[float], told: str) -> Plot:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(heights))),
        "y": [None if math.isnan(height) else height for height in heights],
        "text": told,
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


def _ticks(scale: Scale) -> Plot:
    """Return the ticks of a horizontal axis, with room at its ends."""
    room = 0.06 * (scale.high - scale.low)
    return {
        "tickvals": [place for place, _ in scale.ticks()],
        "ticktext": [escape(text) for _, text in scale.ticks()],
        "range": [scale.low - room, scale.high + room],
    }


def _plot(data: Sequence[Plot], x: Plot, y: Plot) -> Plot:
    axis = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False}
    return {
        "data": list(data),
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": INK, "size": 12, "family": "system-ui, sans-serif"},
            "margin": {"l": 52, "r": 12, "t": 34, "b": 48},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
            "hoverlabel": {"align": "left"},
            "xaxis": {**axis, **x, "title": {"text": x.get("title", "")}},
            "yaxis": {**axis, **y, "title": {"text": y.get("title", "")}},
            "showlegend": len(data) > 1,
        },
    }
