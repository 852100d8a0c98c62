"""The pictures of an archive, one row each: faces, and what went wrong."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from agegender.data.sample.brush import ink
from agegender.data.sample.camera import background, end_photo, expose, jpeg
from agegender.data.sample.look import Look
from agegender.data.sample.person import Person
from agegender.data.sample.portrait import draw_portrait
from agegender.data.sample.pose import Pose

Kind: TypeAlias = Literal[
    "face", "weak", "second", "scene", "black", "pixel", "blank", "truncated", "missing"
]
"""What a picture shows.

`face`: one person; `weak`: hardly to be recognised; `second`: another person too;
`scene`, `black` and `pixel` show nobody and their rows say so; `blank` and
`truncated` are broken although their rows look good; `missing` is no picture.
"""

_PERSON, _PHOTO = 1, 2


@dataclass(frozen=True)
class Picture:
    """What to draw; each picture has chance of its own, whoever draws it.

    Args:
        seed: Of the whole sample.
        row: Number of the row.
        person: Number of the person.
        male: Sex.
        age: Years.
        year: In which the photo was taken.
        kind: What it shows.
        width: Pixels.
        height: Pixels.
        beyond: Pixels beyond the photo on the left, top, right and bottom, which
            repeat its border.
    """

    seed: int
    row: int
    person: int
    male: bool
    age: float
    year: int
    kind: Kind
    width: int
    height: int
    beyond: tuple[int, int, int, int] = (0, 0, 0, 0)


def draw_person(seed: int, number: int, *, male: bool) -> Person:
    """Return the same person for the same numbers."""
    return Person.draw(np.random.default_rng([seed, _PERSON, number]), male=male)


def draw_picture(picture: Picture) -> bytes | None:
    """Return the JPEG file of a picture, or None where it is missing."""
    rng = np.random.default_rng([picture.seed, _PHOTO, picture.row])
    size = (picture.width, picture.height)
    quality = int(rng.integers(62, 95))
    match picture.kind:
        case "missing":
            return None
        case "pixel" | "black":
            return jpeg(Image.new("RGB", size), quality)
        case "blank":
            shade = int(rng.integers(0, 256))
            return jpeg(Image.new("RGB", size, (shade,) * 3), quality)
        case "scene":
            return jpeg(_draw_scene(size, rng), quality)
    image = _draw_face(picture, rng)
    if picture.year < 1975 and rng.random() < 0.5:
        image = image.convert("L")
    encoded = jpeg(image, quality)
    if picture.kind == "truncated":
        return encoded[: int(len(encoded) * rng.uniform(0.3, 0.7))]
    return encoded


def _draw_face(picture: Picture, rng: np.random.Generator) -> Image.Image:
    side = picture.width
    canvas = background(rng, (2 * side, 2 * side))
    light = float(rng.uniform(-1, 1))
    if picture.kind == "second":
        _draw_neighbour(canvas, light, rng)
    person = draw_person(picture.seed, picture.person, male=picture.male)
    look = Look.draw(rng, person, picture.age)
    spread = 2.2 if picture.kind == "weak" else 1.0
    pose = Pose.draw(rng, unit=2 * side / 3.6, spread=spread)
    draw_portrait(canvas, look, pose, light, rng)
    image = canvas.reduce(2)
    if picture.kind == "weak":
        image = image.filter(ImageFilter.GaussianBlur(side * rng.uniform(0.02, 0.05)))
    return end_photo(expose(image, rng), picture.beyond)


def _draw_neighbour(
    canvas: Image.Image, light: float, rng: np.random.Generator
) -> None:
    """Draw somebody smaller behind a shoulder."""
    person = Person.draw(rng, male=bool(rng.random() < 0.5))
    look = Look.draw(rng, person, float(rng.uniform(8, 70)))
    side = canvas.width
    pose = Pose(
        x=side * float(rng.choice([0.1, 0.9])),
        y=side * float(rng.uniform(0.25, 0.5)),
        unit=side / 3.6 * float(rng.uniform(0.5, 0.75)),
    )
    draw_portrait(canvas, look, pose, light, rng)


def _draw_scene(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """Return a picture of something that is no face."""
    image = background(rng, size)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 9))):
        corners = rng.uniform(-0.1, 1.1, (int(rng.integers(3, 7)), 2)) * size
        draw.polygon(corners.ravel().tolist(), fill=ink(rng.uniform(20, 230, 3)))
    return expose(image, rng)
