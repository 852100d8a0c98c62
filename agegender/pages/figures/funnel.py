"""The funnel: rows read, where they were lost, and what is left."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from agegender.counts import counted
from agegender.evaluate.figures.style import BLUE, GREY, VERMILION, new_figure
from agegender.pages.figures.panel import WIDTH


def funnel(tally: Mapping[str, Any]) -> Figure:
    """Draw how many rows each rule took away from those before it.

    Args:
        tally: `read`, `dropped` by rule, `kept`; rules that dropped none have no
            bar.
    """
    read, kept = int(tally["read"]), int(tally["kept"])
    losses = {rule: int(n) for rule, n in tally["dropped"].items() if n}
    names, starts, widths, colours = ["read"], [0], [read], [GREY]
    left = read
    for rule, count in losses.items():
        left -= count
        names.append(rule)
        starts.append(left)
        widths.append(count)
        colours.append(VERMILION)
    bars = [*zip(names, starts, widths, colours, strict=True), ("kept", 0, kept, BLUE)]

    title = f"Of {counted(read, 'row')} {kept:,} {'is' if kept == 1 else 'are'} kept"
    figure = new_figure(WIDTH, 0.9 + 0.3 * len(bars), title)
    axes = figure.subplots()
    for y, (name, start, width, colour) in enumerate(bars):
        axes.barh(y, width, left=start, color=colour, edgecolor=colour, height=0.7)
        sign = "" if name in {"read", "kept"} else "-"
        told = f"{sign}{width:,} ({_percent(width, read)})"
        axes.text(
            1.02, y, told, transform=axes.get_yaxis_transform(), fontsize=9, va="center"
        )
    labels = [name.replace("_", " ") for name, *_ in bars]
    axes.set_yticks(range(len(bars)), labels, fontsize=9, parse_math=False)
    axes.set(xlim=(0, max(read, 1)), xticks=[])
    axes.invert_yaxis()
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    return figure


def _percent(part: int, whole: int) -> str:
    share = part / max(whole, 1)
    return "<0.1%" if 0.0 < share < 0.001 else f"{share:.1%}"
