"""Head and skin: outline, light and shade, the lines that years leave."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agegender.data.sample.brush import Brush, Colour, mix, rgb
from agegender.data.sample.curves import Points, ellipse, mirror, smooth
from agegender.data.sample.look import Look
from agegender.data.sample.pose import flat

TEXTURE = 96
"""Side of the skin texture, pixels."""

REACH = 1.35
"""The texture covers -REACH..REACH face units."""


def outline(look: Look) -> Points:
    """Return the closed outline of a head, (n, 3) in face units."""
    f = look.face
    level = 0.62 - 0.12 * look.child + 0.05 * look.sag
    side = [
        (0.0, f.crown, 0.0),
        (0.45 * f.width, f.crown + 0.06, 0.0),
        (0.86 * f.width, f.crown + 0.33, 0.0),
        (f.width, -0.4, 0.0),
        (f.width * 0.985, 0.1, 0.02),
        (f.jaw, level, 0.1),
        (0.5 * (f.jaw + f.chin) + 0.02, 0.5 * (level + f.bottom) + 0.06, 0.24),
        (f.chin, f.bottom - 0.045, 0.34),
        (0.0, f.bottom, 0.38),
    ]
    right = smooth(side, steps=4)
    return np.concatenate([right, mirror(right)[1:-1]])


def draw_neck(brush: Brush, look: Look, light: float) -> None:
    """Draw neck and the shadow of the chin on it."""
    f = look.face
    build = look.person.build[0] * (1 - look.child)
    half = 0.44 + 0.07 * build - 0.2 * look.child
    right = smooth(
        [
            (half, 0.4),
            (half, 1.1),
            (half + 0.06, 1.4),
            (half + 0.46 - 0.3 * look.child, 1.62),
            (half + 0.2, 2.3),
            (0, 2.4),
        ]
    )
    brush.polygon(flat(np.concatenate([right, mirror(right)])), look.person.skin * 0.86)
    shadow = ellipse((-0.12 * light, f.bottom + 0.02), (half + 0.06, 0.3))
    brush.glaze([flat(shadow, 0.1)], look.person.skin * 0.45, 0.6, 0.09)
    if look.sag > 0.2:
        bands = [smooth([(s * 0.14, 1.15), (s * 0.2, 1.6)]) for s in (-1.0, 1.0)]
        brush.glaze(
            [flat(b) for b in bands], look.person.skin * 0.5, 0.4 * look.sag, 0.02, 0.04
        )


def draw_head(brush: Brush, look: Look, light: float, rng: np.random.Generator) -> None:
    """Draw the head with skin, light and shade, but no features.

    Args:
        brush: Where to draw.
        look: Who.
        light: Where light comes from, -1 left to 1 right.
        rng: Source of blotches.
    """
    brush.inlay(outline(look), skin_texture(brush, look, light, rng), REACH)
    draw_wrinkles(brush, look)


@cache
def _axis() -> NDArray[np.float32]:
    axis = (np.arange(TEXTURE) + 0.5) / TEXTURE * 2 * REACH - REACH
    return axis.astype(np.float32)


def skin_texture(
    brush: Brush, look: Look, light: float, rng: np.random.Generator
) -> Image.Image:
    """Return a square picture of lit skin, upright, as the pose shows it."""
    axis, f = _axis(), look.face
    shift = (brush.pose.turn(np.zeros((1, 2)))[0] * 0.5).tolist()
    x = (axis - shift[0]) / (f.width * 1.08)
    y = (axis - shift[1]) / 1.2
    height = np.sqrt(np.clip(1 - (y**2)[:, None] - (x**2)[None, :], 0.02, 1))
    lit = 0.66 + 0.36 * height - 0.08 * y[:, None] + 0.17 * light * x[None, :]
    spots = _spots(look, light)
    centres = brush.pose.turn(spots[:, :3]).astype(np.float32)
    spots = spots.astype(np.float32)
    across = np.exp(-0.5 * ((axis - centres[:, :1]) / spots[:, 3:4]) ** 2)
    down = np.exp(-0.5 * ((axis - centres[:, 1:]) / spots[:, 4:5]) ** 2)
    tinted = (across[:, :, None] * spots[:, None, 5:]).reshape(len(spots), -1)
    tint = (down.T @ tinted).reshape(TEXTURE, TEXTURE, 3)
    colour = (1 + tint) * lit[:, :, None] * _aged(look).astype(np.float32)
    colour += _blotches(look, rng)[:, :, None]
    return Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8))


def _aged(look: Look) -> Colour:
    """Return the skin's colour: rosy in children, sallow and duller in the old."""
    skin = look.person.skin
    rosy = mix(skin, skin * rgb(1.1, 1.03, 1.03), look.child)
    return mix(rosy, skin.mean() * rgb(1.14, 0.97, 0.76), 0.7 * look.wrinkles)


def _spots(look: Look, light: float) -> NDArray[np.float64]:
    """Return soft spots of light and shade.

    Returns:
        (k, 8): x, y, z, width, height and the change of red, green and blue as
        shares of the skin's own.
    """
    f, sag, child = look.face, look.sag, look.child
    flush = 0.05 + 0.12 * child + 0.08 * look.make_up
    socket = 0.1 + 0.32 * sag - 0.05 * child
    hollow = 0.01 + 0.34 * sag - 0.01 * child
    dark = np.array([-0.8, -1.0, -1.0]) * (1 - 0.4 * child)
    bright = np.array([0.9, 1.0, 1.05])
    red = np.array([0.5, -1.0, -0.7])
    far = -np.sign(light) or 1.0
    paired = [
        (f.eye_x, f.eye_y - 0.06, 0.42, 0.2, 0.11, *(socket * dark)),
        (f.eye_x - 0.16, f.eye_y - 0.02, 0.5, 0.07, 0.1, *(0.14 * dark)),
        (0.42, 0.32, 0.45, 0.19, 0.15, *(flush * red)),
        (0.43, 0.24, 0.45, 0.15, 0.1, *((0.07 + 0.05 * child) * bright)),
        (0.52, 0.55, 0.3, 0.12, 0.2, *(hollow * dark)),
        (f.eye_x, f.eye_y + 0.17, 0.5, 0.13, 0.045, *((0.02 + 0.36 * sag) * dark)),
        (f.nose, f.nose_y - 0.01, 0.72, 0.05, 0.06, *(0.12 * dark)),
        (f.width, 0.35, 0.05, 0.14, 0.5, *(0.14 * dark)),
        (
            f.mouth + 0.07,
            f.mouth_y + 0.1,
            0.45,
            0.06,
            0.09,
            *((0.02 + 0.3 * sag) * dark),
        ),
    ]
    middle = [
        (0.02 * light, 0.1, 0.88, 0.045, 0.2, *(0.16 * bright)),
        (0.02 * light, f.nose_y - 0.05, 0.98, 0.065, 0.06, *(0.2 * bright)),
        (far * 0.13, f.nose_y - 0.17, 0.78, 0.06, 0.16, *(0.2 * dark)),
        (0.0, f.nose_y + 0.1, 0.72, 0.14, 0.04, *(0.24 * dark)),
        (0.0, f.mouth_y + 0.17, 0.6, 0.16, 0.04, *(0.17 * dark)),
        (0.0, f.bottom - 0.13, 0.6, 0.14, 0.09, *(0.09 * bright)),
        (0.1 * light, -0.5, 0.66, 0.34, 0.18, *(0.09 * bright)),
        (0.0, f.brow_y + 0.05, 0.72, 0.07, 0.07, *(0.05 * dark)),
    ]
    mirrored = np.array(paired) * np.array([-1, *[1] * 7])
    return np.concatenate([np.array(paired), mirrored, np.array(middle)])


def _blotches(look: Look, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return uneven skin, (TEXTURE, TEXTURE) added to each channel."""
    coarse = rng.normal(0, 1.6 + 3.0 * look.wrinkles, (12, 12))
    fine = rng.normal(0, 1.5 + 4.0 * look.wrinkles, (48, 48))
    return _enlarged(coarse) + _enlarged(fine)


def _enlarged(field: NDArray[np.float64]) -> NDArray[np.float32]:
    picture = Image.fromarray(field.astype(np.float32))
    size = (TEXTURE, TEXTURE)
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def draw_wrinkles(brush: Brush, look: Look) -> None:
    """Draw the lines of forehead, eyes, cheeks and mouth."""
    f, age_lines = look.face, look.wrinkles
    dark = _crease(look)
    smile = max(0.0, look.smile)
    fold = 0.08 + 0.1 * smile + 0.85 * age_lines - 0.12 * look.child
    brush.glaze(_folds(look), dark, min(0.8, fold), 0.014, 0.03 + 0.025 * age_lines)
    if age_lines < 0.05:
        return
    strength = min(0.85, 0.08 + 0.95 * age_lines)
    brush.glaze(_forehead(look), dark, strength, 0.016, 0.024 + 0.012 * age_lines)
    brush.glaze(
        _crow_feet(look), dark, strength * 0.9, 0.011, 0.018 + 0.012 * age_lines
    )
    if look.sag > 0.1:
        bags = [
            smooth([(s * (f.eye_x + dx), f.eye_y + dy) for dx, dy in _BAG])
            for s in (-1.0, 1.0)
        ]
        brush.glaze(bags, dark, 0.8 * look.sag, 0.014, 0.032)


_BAG = ((-0.15, 0.1), (-0.02, 0.185), (0.14, 0.13))


def _crease(look: Look) -> Colour:
    return mix(look.person.skin * 0.52, rgb(110, 50, 40), 0.2)


def _folds(look: Look) -> list[Points]:
    f = look.face
    drop = 0.1 * look.sag
    start = (f.nose + 0.05, f.nose_y - 0.02)
    end = (f.mouth + 0.08, f.mouth_y + 0.02 + drop)
    bend = (f.nose + 0.15, 0.5 * (start[1] + end[1]) - 0.02)
    right = smooth([start, bend, end])
    return [right, mirror(right)]


def _forehead(look: Look) -> list[Points]:
    f = look.face
    number = 1 + int(look.wrinkles * 2.99)
    top, bottom = f.hairline + 0.1, f.brow_y - 0.12
    heights = bottom + (top - bottom) * np.arange(number) / 2.0
    half = 0.24 + 0.14 * look.wrinkles
    return [
        smooth(
            [(-half, y + 0.03), (-0.2, y), (0.0, y + 0.02), (0.2, y), (half, y + 0.03)]
        )
        for y in heights
    ]


def _crow_feet(look: Look) -> list[Points]:
    f = look.face
    x, y = f.eye_x + f.eye + 0.035, f.eye_y
    length = 0.07 + 0.1 * look.wrinkles
    right = [
        smooth([(x, y + s * 0.02), (x + length, y + s * (0.03 + 0.5 * length))])
        for s in (-1.0, 0.1, 1.0)
    ]
    return right + [mirror(line) for line in right]
