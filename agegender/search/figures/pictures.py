"""Pictures of a study: how it went, what each setting does, which ones matter."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from agegender.config import short_name
from agegender.counts import counted
from agegender.evaluate.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    legend_below,
    new_figure,
    tidy,
)
from agegender.search.figures.parallel import parallel_coordinates
from agegender.search.figures.scales import Scale, cost_scale, setting_scales
from agegender.search.result import StudyResult

ERROR = "validation MAE (years)"
COLUMNS = 3
SQUARE = 4
PANEL_LETTERS = 32
"""That have room below one setting's panel."""


def study_figures(result: StudyResult) -> dict[str, Figure]:
    """Draw a study.

    Args:
        result: From `run_study`.

    Returns:
        `history`, `settings` and `parallel_coordinates`; `importances` where there
        are trials enough; `front` where a cost is weighed.
    """
    figures = {
        "history": _history(result),
        "settings": _settings(result),
        "parallel_coordinates": parallel_coordinates(result, ERROR, _title(result)),
    }
    if result.importances:
        figures["importances"] = _importances(result)
    if result.front:
        figures["front"] = _front(result)
    return figures


def _history(result: StudyResult) -> Figure:
    figure = new_figure(7.2, 4.4, _title(result))
    axes = tidy(figure.subplots(), "trial", ERROR)
    complete, pruned = _by_state(result)
    _scatter(axes, pruned["number"], pruned["value"], pruned=True)
    _scatter(axes, complete["number"], complete["value"], pruned=False)
    best = complete["value"].cummin()
    axes.step(
        complete["number"], best, where="post", color=VERMILION, label="best so far"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(frameon=False)
    return figure


def _settings(result: StudyResult) -> Figure:
    scales = setting_scales(result)
    columns = 2 if len(scales) == SQUARE else min(COLUMNS, len(scales))
    rows = -(-len(scales) // columns)
    figure = new_figure(max(3.6 * columns, 6.0), 3.2 * rows + 0.6, _title(result))
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    for index, (name, scale) in enumerate(scales.items()):
        axes = tidy(panels[index], scale.label, ERROR if index % columns == 0 else "")
        _slice(axes, name, scale, result)
    for axes in list(panels)[len(scales) :]:
        axes.remove()
    legend_below(figure, figure.axes[0])
    return figure


def _slice(axes: Axes, name: str, scale: Scale, result: StudyResult) -> None:
    complete, pruned = _by_state(result)
    best = complete[complete["number"] == result.best_number]
    axes.set_xlim(scale.ends())
    axes.set_xticks(*zip(*scale.ticks(), strict=True))
    if scale.kind == "names":
        axes.set_xlim(-0.5, len(scale.names) - 0.5)
        if _are_crowded(scale.names):
            axes.tick_params(axis="x", labelrotation=20)
    _scatter(axes, scale.places(pruned[name]), pruned["value"], pruned=True)
    _scatter(axes, scale.places(complete[name]), complete["value"], pruned=False)
    axes.scatter(
        scale.places(best[name]),
        best["value"],
        label="best",
        marker="*",
        s=130,
        color=VERMILION,
        zorder=3,
    )


def _are_crowded(names: Sequence[str]) -> bool:
    """Tell whether neighbours would run into each other if written side by side."""
    room = PANEL_LETTERS / len(names)
    return any(len(one) + len(other) > 2 * room for one, other in pairwise(names))


def _importances(result: StudyResult) -> Figure:
    shares = pd.Series(result.importances).sort_values()
    figure = new_figure(7.2, 1.4 + 0.45 * len(shares), _title(result))
    axes = tidy(figure.subplots(), "share of the error's variation", "")
    axes.barh(list(map(short_name, shares.index)), shares.to_numpy(), color=BLUE)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlim(0.0, 1.0)
    axes.grid(visible=False, axis="y")
    return figure


def _front(result: StudyResult) -> Figure:
    figure = new_figure(7.2, 4.4, _title(result))
    scale = cost_scale(result)
    axes = tidy(figure.subplots(), scale.label, ERROR)
    complete, _ = _by_state(result)
    places = scale.places(complete[result.cost])
    _scatter(axes, places, complete["value"], pruned=False)
    front = complete.set_index("number").loc[[one.number for one in result.front]]
    corners = scale.places(front[result.cost])
    axes.step(
        corners,
        front["value"],
        where="post",
        color=VERMILION,
        marker="o",
        label="none is both better and cheaper",
    )
    for number, x, y in zip(front.index, corners, front["value"], strict=True):
        axes.annotate(
            f"trial {number}", (x, y), (5, 5), textcoords="offset points", fontsize=8
        )
    axes.set_xticks(*zip(*scale.ticks(), strict=True))
    axes.legend(frameon=False)
    return figure


def _scatter(axes: Axes, x: Any, y: pd.Series, *, pruned: bool) -> None:
    if pruned:
        axes.scatter(x, y, marker="x", color=GREY, label="given up early", s=28)
    else:
        axes.scatter(x, y, color=BLUE, label="completed", s=28)


def _by_state(result: StudyResult) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the completed and the pruned trials that have a value."""
    known = result.trials[result.trials["value"].notna()].sort_values("number")
    state = known["state"]
    return known[state == "complete"], known[state == "pruned"]


def _title(result: StudyResult) -> str:
    # Between two dollars matplotlib would read mathematics.
    name = result.study_name.replace("$", r"\$")
    return (
        f"{name}: {counted(result.count('complete'), 'trial')} completed, "
        f"{result.count('pruned')} given up early"
    )
