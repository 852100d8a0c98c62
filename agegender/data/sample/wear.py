"""What people wear: clothes, glasses, earrings."""

import numpy as np

from agegender.data.sample.brush import Brush, mix, rgb
from agegender.data.sample.curves import Points, ellipse, mirror, smooth
from agegender.data.sample.look import Look
from agegender.data.sample.pose import flat

SIDES = (-1.0, 1.0)


def _both(right: Points) -> Points:
    return np.concatenate([right, mirror(right)])


def draw_clothes(brush: Brush, look: Look) -> None:
    """Draw shoulders and chest, down to well below the crop."""
    wide = 1.7 + 0.24 * look.person.build[0] * (1 - look.child) - 0.7 * look.child
    neck = (0.42 if look.collar != 3 else 0.55) - 0.18 * look.child
    dip = {0: 1.56, 1: 1.62, 2: 1.5, 3: 2.05}[look.collar]
    shoulder = smooth(
        [
            (0.0, dip),
            (0.6 * neck, dip - 0.08),
            (neck + 0.06, 1.36),
            (0.6 * wide, 1.56),
            (0.92 * wide, 1.8),
            (wide, 2.5),
            (wide * 1.02, 6.0),
            (0.0, 6.0),
        ]
    )
    cloth = look.clothes
    brush.polygon(flat(_both(shoulder), -0.3), cloth)
    fold = [smooth([(s * 0.75 * wide, 1.75), (s * 0.6 * wide, 2.6)]) for s in SIDES]
    brush.glaze([flat(f, -0.3) for f in fold], cloth * 0.6, 0.35, 0.12, 0.16)
    if look.collar in {1, 2}:
        _draw_shirt(brush, look)


def _draw_shirt(brush: Brush, look: Look) -> None:
    white = mix(rgb(236, 236, 240), look.clothes, 0.15)
    opening = flat(np.array([(-0.3, 1.45), (0.3, 1.45), (0.0, 2.3)]), -0.2)
    if look.collar == 2:
        brush.polygon(opening, white)
        tie = np.array([(-0.09, 1.6), (0.09, 1.6), (0.14, 2.4), (0, 4.0), (-0.14, 2.4)])
        brush.polygon(flat(tie, -0.1), look.lipstick * 0.6)
    for side in SIDES:
        wing = np.array([(0.47, 1.28), (0.5, 1.5), (0.24, 1.82), (0.04, 1.6)])
        tone = white if look.collar == 2 else mix(look.clothes, rgb(255, 255, 255), 0.2)
        brush.polygon(flat(wing * [side, 1.0], -0.1), tone)


def draw_glasses(brush: Brush, look: Look) -> None:
    """Draw glasses where they are worn."""
    if not look.glasses:
        return
    f = look.face
    frame = rgb(40, 34, 34) if look.glasses == 2 else rgb(128, 118, 108)
    width = 0.038 if look.glasses == 2 else 0.02
    y = f.eye_y + 0.035
    for side in SIDES:
        rim = ellipse((side * f.eye_x, y), (0.25, 0.2), 24)
        rim = np.column_stack([rim, np.full(len(rim), 0.62)])
        brush.glaze([rim], rgb(235, 240, 250), 0.08, 0.01)
        brush.line(np.concatenate([rim, rim[:1]]), frame, width)
        temple = [
            (side * (f.eye_x + 0.25), y - 0.03, 0.6),
            (side * f.width, y - 0.04, 0.0),
        ]
        brush.line(np.array(temple), frame, width)
    gap = f.eye_x - 0.25
    bridge = smooth(
        [(-gap, y - 0.03, 0.68), (0.0, y - 0.07, 0.75), (gap, y - 0.03, 0.68)]
    )
    brush.line(bridge, frame, width)


def draw_earrings(brush: Brush, look: Look) -> None:
    """Draw earrings where they are worn."""
    if not look.earrings:
        return
    for side in SIDES:
        drop = ellipse(
            (side * (look.face.width + 0.03), look.face.eye_y + 0.45), (0.04, 0.05), 10
        )
        brush.polygon(flat(drop), rgb(226, 196, 110))
