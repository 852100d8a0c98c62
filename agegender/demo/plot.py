"""The age distribution of one face, as SVG among the page's HTML.

Drawn by hand rather than by matplotlib: a photo of twenty people needs twenty of them
at once, and matplotlib's settings, which text in SVG depends on, are one for all
threads of a process.
"""

from collections.abc import Sequence
from typing import Final

from agegender.predict import Face

WIDTH, HEIGHT = 324, 128
"""Units of the drawing; about pixels on a phone."""

_LEFT, _RIGHT, _TOP, _FLOOR = 10, 310, 22, 104
_TICKS: Final = range(0, 101, 20)
_AGES: Final = 100
_LETTER: Final = 7.0
"""Width of a letter of the interval's ends, about."""


def age_plot(face: Face) -> str:
    """Draw how likely each age is, the interval shaded and the told age marked.

    Args:
        face: With `age_probabilities`.

    Returns:
        An `<svg>` that is coloured by the page's style sheet.
    """
    chances = face.age_probabilities or ()
    low, high, told = (_x(age) for age in (face.age_low, face.age_high, face.age))
    words = (
        f"Probability of each age from 0 to 100. Likely from {face.age_low:.0f} to "
        f"{face.age_high:.0f} years, told as {face.age:.0f}."
    )
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{words}">'
        f'<rect class="likely" x="{low:.1f}" y="{_TOP}" '
        f'width="{max(high - low, 1.0):.1f}" height="{_FLOOR - _TOP}"/>'
        f'<path class="chances" d="{_outline(chances)}"/>'
        f'<path class="told" d="M{told:.1f} {_TOP}V{_FLOOR}"/>'
        f"{_ends(face)}{_axis()}</svg>"
    )


def _x(age: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * age / _AGES


def _outline(chances: Sequence[float]) -> str:
    """Return the filled outline; the likeliest age reaches the top."""
    most = max(chances, default=0.0) or 1.0
    tall = _FLOOR - _TOP - 4
    points = (
        f"L{_x(age):.1f} {_FLOOR - tall * chance / most:.1f}"
        for age, chance in enumerate(chances)
    )
    return f"M{_LEFT} {_FLOOR}{''.join(points)}L{_RIGHT} {_FLOOR}Z"


def _ends(face: Face) -> str:
    """Write the ends of the interval above it, apart from each other."""
    low, high = f"{face.age_low:.0f}", f"{face.age_high:.0f}"
    left, right = _x(face.age_low), _x(face.age_high)
    apart = _LETTER * (len(low) + len(high)) / 2 + _LETTER
    if right - left < apart:
        middle = (left + right) / 2
        left, right = middle - apart / 2, middle + apart / 2
    left = max(left, _LEFT)
    right = min(max(right, left + apart), _RIGHT)
    left = min(left, right - apart)
    return _text(left, _TOP - 6, low, "end") + _text(right, _TOP - 6, high, "end")


def _axis() -> str:
    ticks = "".join(_text(_x(age), _FLOOR + 16, str(age), "tick") for age in _TICKS)
    return f'<path class="axis" d="M{_LEFT} {_FLOOR}H{_RIGHT}"/>{ticks}'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{text}</text>'
