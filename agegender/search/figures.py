"""Pictures of a study: how it went, what each setting does, which ones matter."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from agegender.evaluate.figures.style import (
    BLUE,
    GREY,
    VERMILION,
    new_figure,
    tidy,
)
from agegender.search.result import StudyResult

ERROR = "validation MAE (years)"
COLUMNS = 3
SQUARE = 4
MANY_TIMES = 30.0
"""A range whose ends differ by more is drawn on a log scale."""


def study_figures(result: StudyResult) -> dict[str, Figure]:
    """Draw a study.

    Args:
        result: From `run_study`.

    Returns:
        `history` and `settings`; `importances` where there are trials enough.
    """
    figures = {"history": _history(result), "settings": _settings(result)}
    if result.importances:
        figures["importances"] = _importances(result)
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
    names = result.settings
    columns = 2 if len(names) == SQUARE else min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(max(3.6 * columns, 6.0), 3.2 * rows + 0.6, _title(result))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    complete, pruned = _by_state(result)
    for index, axes in enumerate(grid.flat):
        if index >= len(names):
            axes.remove()
            continue
        name = names[index]
        tidy(axes, name, ERROR if index % columns == 0 else "")
        _slice(axes, name, complete, pruned)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    place = "outside lower center"
    figure.legend(handles, labels, loc=place, ncols=3, frameon=False)
    return figure


def _slice(axes: Axes, name: str, complete: pd.DataFrame, pruned: pd.DataFrame) -> None:
    drawn = pd.concat([complete[name], pruned[name]])
    if not pd.api.types.is_numeric_dtype(drawn) or drawn.dtype == bool:
        # An axis of names would depend on which comes first: sort them.
        order = sorted(drawn.astype(str).unique())
        axes.set_xticks(range(len(order)), order)
        axes.set_xlim(-0.5, len(order) - 0.5)
        complete = complete.assign(
            **{name: complete[name].astype(str).map(order.index)}
        )
        pruned = pruned.assign(**{name: pruned[name].astype(str).map(order.index)})
    elif drawn.min() > 0 and drawn.max() / drawn.min() > MANY_TIMES:
        axes.set_xscale("log")
    elif pd.api.types.is_integer_dtype(drawn):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _scatter(axes, pruned[name], pruned["value"], pruned=True)
    _scatter(axes, complete[name], complete["value"], pruned=False)
    best = complete.nsmallest(1, "value")
    axes.scatter(
        best[name],
        best["value"],
        label="best",
        marker="*",
        s=130,
        color=VERMILION,
        zorder=3,
    )


def _importances(result: StudyResult) -> Figure:
    shares = pd.Series(result.importances).sort_values()
    figure = new_figure(7.2, 1.4 + 0.45 * len(shares), _title(result))
    axes = tidy(figure.subplots(), "share of the error's variation", "")
    axes.barh(list(shares.index), shares.to_numpy(), color=BLUE)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlim(0.0, 1.0)
    axes.grid(visible=False, axis="y")
    return figure


def _scatter(axes: Axes, x: pd.Series, y: pd.Series, *, pruned: bool) -> None:
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
    return (
        f"{result.study_name}: {result.count('complete')} trials completed, "
        f"{result.count('pruned')} given up early"
    )
