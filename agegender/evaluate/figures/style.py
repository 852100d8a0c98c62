"""One look for every figure.

Colours are told apart by colour-blind people too. Figures are made directly, not
through pyplot, so that drawing leaves no state behind and works in any thread.

Reference: Okabe & Ito, Color Universal Design, 2008.
"""

from typing import Final

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE = "#0072B2"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
GREY = "#666666"

EAST_ASIAN: Final = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("Arial Unicode MS", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic"),
)
"""Fonts of Linux, macOS and Windows for names that the usual one has no letters for."""


def new_figure(width: float, height: float, title: str) -> Figure:
    """Make an empty figure, sides in inches, with a title.

    A letter of the title that no font here has is drawn as a question mark.
    """
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    installed = set(font_manager.get_font_names())
    fonts = ["sans-serif", *(name for name in EAST_ASIAN if name in installed)]
    figure.suptitle(_drawable(title, fonts), fontsize=12, fontfamily=fonts)
    return figure


def _drawable(text: str, fonts: list[str]) -> str:
    """Replace what no font has: matplotlib would warn of each such letter."""
    known: set[int] = set()
    for name in fonts:
        file = font_manager.findfont(font_manager.FontProperties(family=[name]))
        known |= set(font_manager.get_font(file).get_charmap())
    return "".join(c if c.isspace() or ord(c) in known else "?" for c in text)


def tidy(axes: Axes, x: str, y: str) -> Axes:
    """Name the axes and take away what carries no information.

    Args:
        axes: What to tidy.
        x: Quantity and unit of the horizontal axis.
        y: Quantity and unit of the vertical axis.
    """
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def legend_below(figure: Figure, axes: Axes) -> None:
    """Name what is drawn in some axes below them all, where it hides nothing."""
    drawn, names = axes.get_legend_handles_labels()
    if drawn:
        place = "outside lower center"
        figure.legend(drawn, names, loc=place, ncols=3, frameon=False)


def keep_to_shares(axes: Axes) -> None:
    """Let a vertical axis end where shares do: a flat line gets room on both sides."""
    axes.set_ylim(*np.clip(axes.get_ylim(), 0.0, 1.0))


def say(axes: Axes, text: str) -> None:
    """Write in the middle of empty axes why they are empty."""
    place = axes.transAxes
    axes.text(0.5, 0.51, text, ha="center", va="bottom", color=GREY, transform=place)
