"""Lips, and teeth where they show."""

from typing import NamedTuple, Self

import numpy as np

from agegender.data.sample.brush import Brush, Colour, mix, rgb
from agegender.data.sample.curves import Points, ellipse, mirror, smooth
from agegender.data.sample.look import Look


class Lips(NamedTuple):
    """Lines across a mouth, each (n, 2) from left to right.

    Args:
        bow: Upper edge of the upper lip.
        above: Lower edge of the upper lip.
        below: Upper edge of the lower lip, below `above` where teeth show.
        base: Lower edge of the lower lip.
    """

    bow: Points
    above: Points
    below: Points
    base: Points

    @classmethod
    def of(cls, look: Look) -> Self:
        """Return the lips of a look."""
        f = look.face
        half = f.mouth * (1 + 0.12 * max(0.0, look.smile))
        lift = 0.07 * look.smile
        gap = 0.055 * look.smile * look.teeth
        y, top = f.mouth_y, f.lips * 0.72
        base = y + f.lips + 1.3 * gap
        corner = (half, y - lift)
        middle = 0.5 * half
        bow = [
            (0, y - 0.75 * top),
            (0.16 * half, y - top),
            (0.45 * half, y - 0.75 * top - 0.3 * lift),
            corner,
        ]
        above = [(0, y + 0.008), (middle, y - 0.2 * lift), corner]
        below = [(0, y + 0.008 + 1.3 * gap), (middle, y - 0.2 * lift + gap), corner]
        low = [(0, base), (middle, base - 0.3 * f.lips - 0.3 * lift), corner]
        return cls(*(_across(np.array(line)) for line in (bow, above, below, low)))


def _across(half: Points) -> Points:
    """Return a line from corner to corner, given from the middle to the right."""
    return smooth(np.concatenate([mirror(half)[:-1], half]))


def draw_mouth(brush: Brush, look: Look) -> None:
    """Draw the lips, and teeth where they show."""
    lips, colour = Lips.of(look), _colour(look)
    if look.teeth:
        brush.polygon(_between(lips.above, lips.below), rgb(228, 222, 213))
    brush.glaze([_between(lips.bow, lips.above)], colour * 0.84, 0.9, 0.01)
    brush.glaze([_between(lips.below, lips.base)], colour, 0.9, 0.012)
    third = len(lips.base) // 3
    shine = lips.base[third:-third] - np.array([0.0, 0.5 * look.face.lips])
    brush.glaze([shine], mix(colour, rgb(255, 240, 235), 0.5), 0.4, 0.016, 0.022)
    brush.glaze([lips.above, lips.below], colour * 0.35, 0.72, 0.007, 0.017)
    corners = [ellipse((x, y), (0.02, 0.018), 8) for x, y in lips.above[[0, -1]]]
    brush.glaze(corners, look.person.skin * 0.4, 0.55, 0.012)


def _between(upper: Points, lower: Points) -> Points:
    return np.concatenate([upper, lower[::-1]])


def _colour(look: Look) -> Colour:
    natural = mix(look.person.skin * 0.82, rgb(188, 70, 78), 0.32 - 0.12 * look.sag)
    return mix(natural, look.lipstick, 0.85 * look.make_up)
