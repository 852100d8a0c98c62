"""Figures of a study to click through."""

from collections.abc import Mapping, Sequence

from agegender.config import short_name
from agegender.pages.markup import escape
from agegender.search.figures.plot_parallel import parallel_plot
from agegender.search.figures.plot_parts import BEST, ERROR, GOOD, Plot, plot, points
from agegender.search.figures.scales import Scale, cost_scale, setting_scales
from agegender.search.result import StudyResult

FEW = 12
"""Trials, each of whose numbers has a tick."""


def study_plots(result: StudyResult) -> dict[str, Plot]:
    """Draw a study.

    Args:
        result: Of the study.

    Returns:
        `history`, `importances` where trials suffice, `front` where a cost is weighed,
        `parallel_coordinates`, and one by the short name of each setting.
    """
    scales = setting_scales(result)
    plots = {"history": _history(result, list(scales))}
    if result.importances:
        plots["importances"] = _importances(result.importances)
    if result.front:
        plots["front"] = _front(result, list(scales))
    plots["parallel_coordinates"] = parallel_plot(result, list(scales))
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
    shown = points(result, trials, trials["number"].tolist(), names)
    by_one = {"dtick": 1} if len(trials) <= FEW else {}
    return plot([best, *shown], {"title": "trial", **by_one}, {"title": ERROR})


def _slice(result: StudyResult, name: str, scale: Scale, names: Sequence[str]) -> Plot:
    trials = result.trials[result.trials["value"].notna()]
    trials = trials[trials[name].notna()]
    places = scale.places(trials[name]).tolist()
    return plot(
        points(result, trials, places, names),
        {"title": scale.label, **_ticks(scale)},
        {"title": ERROR},
    )


def _front(result: StudyResult, names: Sequence[str]) -> Plot:
    """Draw error against cost, and a line through the trials that none beats."""
    trials = result.trials[result.trials["state"] == "complete"]
    scale = cost_scale(result)
    front = trials.set_index("number").loc[[one.number for one in result.front]]
    line: Plot = {
        "type": "scatter",
        "mode": "lines",
        "name": "none is both better and cheaper",
        "x": scale.places(front[result.cost]).tolist(),
        "y": front["value"].tolist(),
        "line": {"shape": "hv", "color": BEST, "width": 2},
        "hoverinfo": "skip",
    }
    places = scale.places(trials[result.cost]).tolist()
    data = [line, *points(result, trials, places, names)]
    return plot(data, {"title": scale.label, **_ticks(scale)}, {"title": ERROR})


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
    return plot([bars], {**share, "range": [0, 1]}, {"title": "", "automargin": True})


def _ticks(scale: Scale) -> Plot:
    """Return the ticks of a horizontal axis, with room at its ends."""
    return {
        "tickvals": [place for place, _ in scale.ticks()],
        "ticktext": [escape(text) for _, text in scale.ticks()],
        "range": list(scale.ends()),
    }
