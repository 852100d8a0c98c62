"""What the figures to click through are made of, as Plotly reads it.

They are plain JSON values. Text in them is escaped, since Plotly takes some of HTML
for markup. Colours are the page's, as `var(--ink)`, with two hex digits behind for
how much of it: the page's script looks them up, by day and by night.
"""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from agegender.config import short_name
from agegender.pages.markup import escape
from agegender.search.result import StudyResult
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


def points(
    result: StudyResult, trials: pd.DataFrame, x: Sequence[float], names: Sequence[str]
) -> list[Plot]:
    """Return the trials by state, and the best once more on top.

    Args:
        result: Of the study.
        trials: Those of its trials that are shown.
        x: Where each stands.
        names: Settings that are told of each.
    """
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
            "text": [told(trial, names) for _, trial in trials[mine].iterrows()],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": marker,
        }
        for name, (mine, marker) in chosen.items()
        if mine.any()
    ]


def told(trial: "pd.Series[Any]", names: Sequence[str]) -> str:
    """Tell all of one trial, a line each."""
    lines = [f"<b>trial {trial['number']}: {trial['value']:.2f} years</b>"]
    drawn = [name for name in names if not pd.isna(trial[name])]
    lines += [f"{short_name(name)} {shown(trial[name])}" for name in drawn]
    if trial["state"] == "pruned":
        lines.append("given up early")
    return "<br>".join([lines[0], *map(escape, lines[1:])])


def plot(data: Sequence[Plot], x: Plot, y: Plot) -> Plot:
    """Return a figure of traces over two axes."""
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
