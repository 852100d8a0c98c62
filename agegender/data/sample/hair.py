"""Hair on the head, behind and in front of it, and beards."""

import numpy as np

from agegender.data.sample.brush import Brush, Colour
from agegender.data.sample.curves import Points, ellipse, mirror, smooth
from agegender.data.sample.look import Look
from agegender.data.sample.pose import flat

STRAND_LIFT = np.array([(0.0, 0.0, 0.0), (0.0, -0.03, 0.0), (0.0, -0.03, 0.0)])
"""What is added to root, middle and tip of a strand, so that it arches."""


def draw_back_hair(brush: Brush, look: Look, rng: np.random.Generator) -> None:
    """Draw the hair that falls behind ears and neck."""
    cut, f = look.haircut, look.face
    if cut.recession > 0.75:
        return
    swell = f.width + cut.volume + 0.04
    if cut.tied:
        if cut.part > 0:
            bun = ellipse((0.1, f.crown - 0.18), (0.34, 0.26))
            brush.polygon(flat(bun, -0.3), cut.colour * 0.85)
        swell, end = f.width + 0.03, 0.55
    else:
        end = -0.1 + 1.9 * cut.length
    wide = swell * (1 + 0.1 * cut.length + 0.16 * cut.curl * cut.length)
    top = f.crown - 0.6 * cut.volume
    right = smooth(
        [
            (0.0, top),
            (0.7 * wide, top + 0.22),
            (wide, -0.35),
            (wide * 1.02, 0.5 * end),
            (wide * (0.96 if cut.length > 0.5 else 0.8), end),
            (0.0, end + 0.1),
        ],
        steps=6,
    )
    shape = np.concatenate([right, mirror(right)])
    shape = _frizzed(shape, cut.curl, rng)
    brush.polygon(flat(shape, -0.25), cut.colour * 0.72)
    if cut.length > 0.35 and not cut.tied:
        _draw_falls(brush, look, wide, end, rng)


def _draw_falls(
    brush: Brush, look: Look, wide: float, end: float, rng: np.random.Generator
) -> None:
    """Draw strands of the hair that falls beside the neck."""
    cut = look.haircut
    wave = 0.05 * cut.curl
    for start in np.linspace(0.78, 1.0, 7):
        for side in (-1.0, 1.0):
            x = side * wide * (start + rng.normal(0, 0.015))
            tone = rng.uniform(0.62, 1.1)
            strand = smooth(
                [
                    (x * 0.96, -0.35, -0.2),
                    (x + wave, 0.3 * end, -0.2),
                    (x - wave, 0.65 * end, -0.2),
                    (x * 0.95, end * rng.uniform(0.86, 1.0), -0.2),
                ],
                steps=3,
            )
            brush.line(strand, cut.colour * tone, 0.035)


def draw_front_hair(brush: Brush, look: Look, rng: np.random.Generator) -> None:
    """Draw the hair that grows over the skull, above the hairline."""
    cut, f = look.haircut, look.face
    swell = 1.0 + (cut.volume * 0.55) / f.width
    outer = _skull(look, swell)
    inner = _hairline(look)
    if cut.recession > 0.8:
        _draw_sides(brush, look)
        return
    thin = (
        np.clip(cut.recession * 0.9, 0.0, 0.75)
        + 0.35 * max(0.0, look.child - 0.85) / 0.15
    )
    shape = _frizzed(outer, cut.curl, rng)
    band = np.concatenate([shape, inner[::-1]])
    opacity = float(np.clip(1.0 - thin * 0.6, 0.35, 1.0))
    brush.glaze([band], cut.colour * 0.9, opacity, 0.012)
    _draw_strands(brush, cut.colour, outer, inner, rng, opacity=opacity)
    shadow = inner + np.array([0.0, 0.03, 0.0])
    brush.glaze([shadow[4:-4]], look.person.skin * 0.4, 0.25, 0.03, 0.05)


def _skull(look: Look, swell: float) -> Points:
    """Return the outer edge of the hair from left ear over the top to the right."""
    f, cut = look.face, look.haircut
    width, top = f.width * swell, f.crown - cut.volume
    right = [
        (0.0, top, -0.05),
        (0.5 * width, top + 0.07, -0.05),
        (0.9 * width, f.crown + 0.32, -0.05),
        (width * 1.02, -0.38, -0.05),
        (width * 1.0, f.eye_y + 0.08 + 0.2 * min(cut.length, 0.5), -0.02),
    ]
    edge = smooth(right, steps=5)
    return np.concatenate([mirror(edge)[:-1], edge])


def _hairline(look: Look) -> Points:
    """Return the lower edge of the hair, as many points as `_skull`."""
    f, cut = look.face, look.haircut
    lost = cut.recession
    middle = f.hairline - 0.3 * lost + 0.4 * cut.fringe * (1 - lost)
    temple = f.hairline + 0.1 - 0.42 * lost + 0.25 * cut.fringe * (1 - lost)
    side_y = f.eye_y + 0.05 + 0.2 * min(cut.length, 0.5)

    def edge(side: float) -> Points:
        lean = cut.part * side
        points = [
            (0.25 * cut.part * side, middle - 0.06 * (1 - cut.fringe), 0.5),
            (0.4 * f.width, middle + 0.05 - 0.05 * lean, 0.45),
            (0.74 * f.width, temple + 0.05 - 0.1 * lean, 0.3),
            (0.93 * f.width, -0.3 - 0.1 * lost, 0.1),
            (0.965 * f.width, side_y, 0.05),
        ]
        return smooth(points, steps=5)

    return np.concatenate([mirror(edge(-1.0))[:-1], edge(1.0)])


def _draw_strands(
    brush: Brush,
    colour: Colour,
    outer: Points,
    inner: Points,
    rng: np.random.Generator,
    *,
    opacity: float,
) -> None:
    """Draw strands from the hairline up to the outer edge, darker and lighter."""
    picks = rng.integers(0, len(outer), 30)
    slide = rng.integers(-2, 3, 30)
    ends = np.clip(picks + slide, 0, len(outer) - 1)
    starts, stops = inner[picks, None], outer[ends, None]
    along = np.array([0.05, 0.5, 0.93])[:, None]
    lines = list(starts + (stops - starts) * along + STRAND_LIFT)
    brush.glaze(lines[:15], colour * 0.6, 0.55 * opacity, 0.008, 0.025)
    brush.glaze(lines[15:], colour * 1.2 + 14, 0.5 * opacity, 0.008, 0.025)


def _draw_sides(brush: Brush, look: Look) -> None:
    """Draw the wreath of hair that is left to the bald."""
    f, cut = look.face, look.haircut
    right = smooth(
        [
            (f.width * 0.93, -0.52, 0.0),
            (f.width * 1.07, -0.42, -0.05),
            (f.width * 1.09, -0.1, -0.05),
            (f.width * 1.0, 0.1, 0.0),
            (f.width * 0.94, -0.05, 0.05),
            (f.width * 0.92, -0.3, 0.08),
        ]
    )
    brush.glaze([right, mirror(right)], cut.colour * 0.9, 0.85, 0.02)


def _frizzed(shape: Points, curl: float, rng: np.random.Generator) -> Points:
    """Return an outline roughened by curls."""
    if curl < 0.25:
        return shape
    bumps = rng.normal(0, 0.028 * curl, len(shape))
    scale = 1 + np.where(shape[:, 1] < 1.2, bumps, 0.0)
    rough = shape.copy()
    rough[:, :2] *= scale[:, None]
    return rough


def draw_beard(brush: Brush, look: Look, rng: np.random.Generator) -> None:
    """Draw beard and moustache, from stubble to full."""
    f = look.face
    if look.beard > 0:
        right = smooth(
            [
                (f.width * 0.97, 0.12, 0.04),
                (f.jaw * 1.0, 0.62, 0.1),
                (0.5 * (f.jaw + f.chin) + 0.02, 0.86, 0.24),
                (f.chin, f.bottom - 0.02, 0.34),
                (0.0, f.bottom + 0.05 * look.beard, 0.4),
            ]
        )
        inner = smooth(
            [
                (0.0, f.mouth_y + f.lips + 0.05, 0.6),
                (f.mouth * 0.8, f.mouth_y + f.lips + 0.02, 0.5),
                (f.mouth + 0.08, f.mouth_y - 0.02, 0.44),
                (f.jaw * 0.8, 0.42, 0.3),
                (f.width * 0.88, 0.1, 0.15),
            ]
        )
        half = np.concatenate([right, inner[::-1]])
        tone = look.beard_colour
        brush.glaze([half, mirror(half)], tone, 0.85 * look.beard, 0.035)
        if look.beard > 0.5:
            _draw_bristles(brush, look, right, inner, rng)
    if look.moustache > 0:
        _draw_moustache(brush, look)


def _draw_bristles(
    brush: Brush,
    look: Look,
    outer: Points,
    inner: Points,
    rng: np.random.Generator,
) -> None:
    inward = inner[::-1]
    rows = rng.integers(0, len(inward), 24)
    depth = rng.uniform(0.1, 0.75, (24, 1))
    tips = outer[rows] + (inward[rows] - outer[rows]) * depth
    hairs = [np.stack([tip, tip * [1, 1, 1] + [0.0, 0.09, 0.0]]) for tip in tips]
    both = hairs[:12] + [mirror(hair) for hair in hairs[12:]]
    brush.glaze(both, look.beard_colour * 1.3 + 12, 0.35, 0.008, 0.018)


def _draw_moustache(brush: Brush, look: Look) -> None:
    f = look.face
    right = smooth(
        [
            (0.0, f.nose_y + 0.11, 0.72),
            (f.mouth * 0.6, f.nose_y + 0.13, 0.64),
            (f.mouth * 1.08, f.mouth_y + 0.0, 0.5),
            (f.mouth * 0.7, f.mouth_y - 0.04, 0.56),
            (0.0, f.mouth_y - 0.06, 0.66),
        ]
    )
    brush.glaze([right, mirror(right)], look.beard_colour, 0.92 * look.moustache, 0.016)
