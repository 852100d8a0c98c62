"""Ears, eyes, brows and nose."""

import numpy as np

from agegender.data.sample.brush import Brush, mix, rgb
from agegender.data.sample.curves import Points, ellipse, mirror, smooth
from agegender.data.sample.look import Look
from agegender.data.sample.pose import flat

SIDES = (-1.0, 1.0)


def draw_ears(brush: Brush, look: Look) -> None:
    """Draw both ears, to be half hidden by the head."""
    skin, f = look.person.skin, look.face
    height = 0.21 + 0.03 * look.sag - 0.01 * look.child
    middle = f.eye_y + 0.19
    for side in SIDES:
        ear = ellipse((side * (f.width + 0.015), middle), (0.12, height))
        brush.polygon(flat(ear, -0.05), mix(skin * 0.84, rgb(190, 80, 70), 0.1))
        inner = ellipse((side * (f.width + 0.04), middle), (0.05, height * 0.62))
        brush.polygon(flat(inner, -0.05), mix(skin * 0.62, rgb(150, 60, 50), 0.15))


def draw_brows(brush: Brush, look: Look) -> None:
    """Draw both brows."""
    f = look.face
    x, y, thick = f.eye_x, f.brow_y, f.brow
    arch = 0.03 - 0.012 * look.person.build[1] * (1 - look.child)
    spine = np.array(
        [
            (x - 0.2, y + 0.03),
            (x - 0.05, y - arch * 0.6),
            (x + 0.1, y - arch),
            (x + 0.23, y + 0.035),
        ]
    )
    half = thick * np.array([0.5, 0.55, 0.42, 0.1])[:, None] * np.array([0.0, 1.0])
    right = np.concatenate([smooth(spine - half), smooth(spine + half)[::-1]])
    faint = 0.4 * look.child * (1 - look.child)
    opacity = 0.88 - faint - 0.4 * max(0.0, look.child - 0.6)
    brush.glaze([right, mirror(right)], look.brow_colour, opacity, 0.011)


def draw_eyes(brush: Brush, look: Look, gaze: float) -> None:
    """Draw both eyes.

    Args:
        brush: Where to draw.
        look: Whose.
        gaze: Where they look, -1 left to 1 right.
    """
    for side in SIDES:
        _draw_eye(brush, look, side, gaze)


def _lids(look: Look, side: float) -> tuple[Points, Points]:
    """Return the edges of upper and lower lid, inner corner to outer."""
    f = look.face
    open_up = f.eye * f.lid * (1.05 - 0.12 * max(0.0, look.smile))
    open_low = f.eye * f.lid * (0.72 - 0.15 * max(0.0, look.smile))
    x, y = f.eye_x, f.eye_y
    inner = (x - f.eye, y + 0.015 + f.tilt * 0.4)
    outer = (x + f.eye, y - f.tilt + 0.25 * f.eye * look.sag)
    hang = 0.35 * look.sag * open_up
    upper = [
        inner,
        (x - 0.45 * f.eye, y - 0.82 * open_up),
        (x + 0.15 * f.eye, y - open_up),
        (x + 0.66 * f.eye, y - 0.6 * open_up + hang - f.tilt * 0.6),
        outer,
    ]
    lower = [
        inner,
        (x - 0.4 * f.eye, y + 0.8 * open_low),
        (x + 0.3 * f.eye, y + open_low),
        outer,
    ]
    flip = np.array([side, 1.0])
    return smooth(upper) * flip, smooth(lower) * flip


def _draw_eye(brush: Brush, look: Look, side: float, gaze: float) -> None:
    f, skin = look.face, look.person.skin
    upper, lower = _lids(look, side)
    almond = np.concatenate([upper, lower[::-1]])
    white = mix(rgb(240, 236, 232), skin, 0.12 + 0.12 * look.sag)
    brush.polygon(almond, white)
    middle = (side * f.eye_x + 0.035 * gaze, f.eye_y - 0.012)
    radius = 0.076 + 0.012 * look.child
    brush.polygon(ellipse(middle, (radius, radius)), look.person.eyes * 0.45)
    brush.polygon(ellipse(middle, (radius * 0.84,) * 2), look.person.eyes)
    brush.polygon(ellipse(middle, (radius * 0.45,) * 2, 12), rgb(12, 10, 12))
    spark = (middle[0] - 0.025, middle[1] - 0.03)
    brush.polygon(ellipse(spark, (0.018, 0.018), 8), rgb(250, 250, 250))
    # What of the iris lies outside the opening goes behind the lids.
    cover = mix(skin * 0.9, rgb(150, 90, 80), 0.08 + 0.1 * look.make_up)
    high = upper + np.array([0.0, -0.07])
    brush.polygon(np.concatenate([upper, high[::-1]]), cover)
    low = lower + np.array([0.0, 0.05])
    brush.polygon(np.concatenate([lower, low[::-1]]), skin * 0.93)
    _draw_lashes(brush, look, upper, lower)


def _draw_lashes(brush: Brush, look: Look, upper: Points, lower: Points) -> None:
    skin = look.person.skin
    lash = mix(look.person.hair * 0.5, rgb(20, 14, 14), 0.5)
    female = max(0.0, -look.person.build[4]) * 0.35
    weight = 0.02 + 0.022 * look.make_up + 0.012 * female
    brush.glaze([upper], rgb(30, 16, 10), 0.45, 0.02, 0.035)
    brush.line(upper, mix(lash, skin, 0.15 - 0.15 * look.make_up), weight)
    brush.line(lower, mix(skin * 0.62, lash, 0.5 * look.make_up), 0.012)
    crease = upper[2:-2] + np.array([0.0, -0.055 + 0.02 * look.sag])
    brush.line(crease, skin * 0.6, 0.012 + 0.008 * look.wrinkles)


def draw_nose(brush: Brush, look: Look, light: float) -> None:
    """Draw wings, nostrils and the shadow at the side of the nose."""
    f, skin = look.face, look.person.skin
    y, half = f.nose_y, f.nose
    far = -1.0 if light > 0 else 1.0
    bridge = [
        (far * 0.09, f.eye_y - 0.05, 0.66),
        (far * 0.085, f.eye_y + 0.15, 0.78),
        (far * (half - 0.02), y - 0.06, 0.78),
    ]
    brush.glaze([smooth(bridge)], skin * 0.5, 0.3 - 0.12 * look.child, 0.03, 0.045)
    wing = smooth(
        [
            (half * 0.9, y - 0.1, 0.7),
            (half + 0.01, y - 0.01, 0.68),
            (half * 0.82, y + 0.055, 0.7),
        ]
    )
    brush.glaze([wing, mirror(wing)], skin * 0.42, 0.5, 0.012, 0.022)
    edge = [
        (-half * 0.8, y + 0.05, 0.74),
        (0, y + 0.085, 0.8),
        (half * 0.8, y + 0.05, 0.74),
    ]
    brush.glaze([smooth(edge)], skin * 0.4, 0.5, 0.014, 0.026)
    hole = flat(ellipse((half * 0.48, y + 0.045), (half * 0.27, 0.024), 10), 0.78)
    brush.glaze([hole, mirror(hole)], skin * 0.2, 0.85, 0.007)
