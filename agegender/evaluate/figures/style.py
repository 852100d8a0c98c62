"""One look for every figure.

Colours are told apart by colour-blind people too. Figures are made directly, not
through pyplot, so that drawing leaves no state behind and works in any thread.

Reference: Okabe & Ito, Color Universal Design, 2008.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#666666"


def new_figure(width: float, height: float, title: str) -> Figure:
    """Make an empty figure, sides in inches, with a title."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    figure.suptitle(title, fontsize=12)
    return figure


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
