"""Figures as parts of a page, rather than pictures on it.

As SVG among the HTML a figure takes the page's ink, by day and by night, stays
sharp at any size, and its words can be searched and copied.
"""

import io
import re
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from agegender.evaluate.figures.style import BLUE, GREY, VERMILION
from agegender.pages.markup import escape

_NO_NOTES: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_NOISE: Final = re.compile(
    r"<metadata>.*?</metadata>|<!--.*?-->|\s+(?=<)", flags=re.DOTALL
)
_REFERENCE: Final = re.compile(r'(\bid="|url\(#|href="#)')

_COLOURS: Final = {
    "#000000": "currentColor",
    GREY: "var(--soft)",
    BLUE: "var(--blue)",
    VERMILION: "var(--limit)",
}
"""Colours that are lighter by night."""


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Draw a figure as SVG to stand in HTML.

    Args:
        figure: What to draw; its colours become the page's.
        name: Told apart by it from the page's other figures; a word.
        description: What is to be seen, for those who cannot.
    """
    drawn = io.StringIO()
    # Text as text, and the same bytes for the same figure.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", transparent=True, metadata=_NO_NOTES)
    svg = drawn.getvalue()
    svg = _NOISE.sub("", svg[svg.index("<svg") :])
    svg = _REFERENCE.sub(rf"\g<1>{name}-", svg)
    for colour, of_the_page in _COLOURS.items():
        svg = svg.replace(colour.lower(), of_the_page)
    told = f'<svg role="img" aria-label="{escape(description)}"'
    head, body = svg.split(">", 1)
    head = re.sub(r'\s(?:width|height|version)="[^"]*"', "", head)
    # Black text is drawn without a colour of its own.
    head = head.replace("<svg", f'{told} fill="currentColor"', 1)
    return f"{head}>{body.strip()}"
