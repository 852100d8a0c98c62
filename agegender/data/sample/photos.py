"""Larger photos of groups of people, for a model to be tried on."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from agegender.data.places import begins_with, is_taken
from agegender.data.sample.camera import background, jpeg
from agegender.data.sample.look import Look
from agegender.data.sample.person import Person
from agegender.data.sample.portrait import draw_portrait
from agegender.data.sample.pose import Pose
from agegender.whole import part_of

WIDTH, HEIGHT = 640, 480
LABELS = "labels.csv"
_PHOTOS = 4


class Sitter(NamedTuple):
    """Somebody on a photo.

    Args:
        age: Years.
        male: Sex.
        x: Middle of the face box, pixels.
        y: Middle of the face box, pixels.
        unit: Half the side of the face box, pixels.
    """

    age: float
    male: bool
    x: float
    y: float
    unit: float


GROUPS: dict[str, tuple[Sitter, ...]] = {
    "portrait": (Sitter(34, False, 320, 200, 92),),
    "grandfather": (Sitter(74, True, 300, 210, 98),),
    "couple": (Sitter(46, True, 215, 185, 70), Sitter(43, False, 420, 210, 68)),
    "mother-and-child": (
        Sitter(31, False, 240, 165, 68),
        Sitter(6, True, 405, 270, 60),
    ),
    "friends": (
        Sitter(24, False, 130, 200, 58),
        Sitter(27, True, 325, 165, 62),
        Sitter(22, True, 515, 195, 60),
    ),
    "generations": (
        Sitter(68, False, 140, 190, 62),
        Sitter(12, False, 325, 255, 55),
        Sitter(41, True, 500, 165, 64),
    ),
}


def write_photos(folder: Path, seed: int) -> Path:
    """Write the photos and the truth about them.

    Args:
        folder: Made if need be; files of the same names are replaced: see
            `foreign_photos`.
        seed: Of everything.

    Returns:
        `labels.csv`: one row a face with `file`, the box `x1`, `y1`, `x2`, `y2` in
        pixels (0-based, right and bottom exclusive), `age` in years and `gender`
        (0 female, 1 male).
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = folder / LABELS
    # First, since they mark the photos as drawn, also those of an interrupted call.
    with part_of(labels) as part:
        _truth().to_csv(part, index=False, lineterminator="\n")
    for number, (name, sitters) in enumerate(GROUPS.items()):
        rng = np.random.default_rng([seed, _PHOTOS, number])
        with part_of(folder / f"{name}.jpg") as part:
            part.write_bytes(draw_group(sitters, rng))
    return labels


def foreign_photos(folder: Path) -> list[Path]:
    """Return the files that `write_photos` would replace and did not write."""
    names = [LABELS, *(f"{name}.jpg" for name in GROUPS)]
    taken = [path for name in names if is_taken(path := folder / name)]
    head = ",".join(_truth().columns) + "\n"
    return [] if begins_with(folder / LABELS, head.encode()) else taken


def draw_group(sitters: tuple[Sitter, ...], rng: np.random.Generator) -> bytes:
    """Return a JPEG of people side by side, the first farthest behind."""
    canvas = background(rng, (2 * WIDTH, 2 * HEIGHT))
    light = float(rng.uniform(-1, 1))
    for sitter in sitters:
        person = Person.draw(rng, male=sitter.male)
        pose = Pose(
            2 * sitter.x,
            2 * sitter.y,
            2 * sitter.unit,
            *rng.normal(0, (0.12, 0.04, 0.05)).tolist(),
        )
        look = Look.draw(rng, person, sitter.age)
        draw_portrait(canvas, look, pose, light, rng)
    return jpeg(canvas.reduce(2), quality=92)


def example_photo() -> bytes:
    """Return a JPEG of one drawn person, the same every time."""
    return draw_group(GROUPS["portrait"], np.random.default_rng(0))


def _truth() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": f"{name}.jpg",
            "x1": s.x - s.unit,
            "y1": s.y - s.unit,
            "x2": s.x + s.unit,
            "y2": s.y + s.unit,
            "age": s.age,
            "gender": int(s.male),
        }
        for name, sitters in GROUPS.items()
        for s in sitters
    )
