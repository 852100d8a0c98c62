"""Drawn pictures: alike for one person, different by age, sex and photo."""

import io
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from agegender.data.sample.camera import end_photo
from agegender.data.sample.look import Face, Look
from agegender.data.sample.picture import Picture, draw_person, draw_picture

PICTURE = Picture(
    seed=0,
    row=5,
    person=2,
    male=False,
    age=30.0,
    year=2010,
    kind="face",
    width=90,
    height=90,
)


def _pixels(picture: Picture) -> NDArray[np.float64]:
    encoded = draw_picture(picture)
    assert encoded is not None
    return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"), dtype=float)


def test_picture_depends_on_nothing_but_its_numbers() -> None:
    assert draw_picture(PICTURE) == draw_picture(PICTURE)


@pytest.mark.parametrize(
    "change", [{"row": 6}, {"person": 3}, {"age": 70.0}, {"male": True}, {"seed": 1}]
)
def test_each_number_changes_the_picture(change: dict[str, float]) -> None:
    other = _pixels(replace(PICTURE, **change))
    assert np.abs(other - _pixels(PICTURE)).mean() > 1


@pytest.mark.parametrize("age", [1.0, 8.0, 16.0, 35.0, 60.0, 95.0])
@pytest.mark.parametrize("male", [False, True])
def test_every_age_and_sex_can_be_drawn(age: float, male: bool) -> None:
    pixels = _pixels(replace(PICTURE, age=age, male=male))
    assert pixels.shape == (90, 90, 3)
    assert pixels.std() > 10


def test_a_person_keeps_bones_and_colours() -> None:
    first, second = (draw_person(0, 4, male=True) for _ in range(2))
    assert np.array_equal(first.bones, second.bones)
    assert np.array_equal(first.skin, second.skin)
    assert np.array_equal(first.eyes, second.eyes)


def test_children_have_larger_eyes_that_lie_lower() -> None:
    person = draw_person(0, 4, male=True)
    child, adult = Face.of(person, 3.0), Face.of(person, 30.0)
    assert child.eye > adult.eye
    assert child.eye_y > adult.eye_y


def test_wrinkles_and_grey_grow_with_age() -> None:
    person = replace(draw_person(0, 4, male=True), dyes=False)
    young, old = (
        Look.draw(np.random.default_rng(0), person, age) for age in (20.0, 80.0)
    )
    assert old.wrinkles > young.wrinkles
    grey, brown = old.haircut.colour, young.haircut.colour
    assert np.ptp(grey) < np.ptp(brown) or grey.mean() > brown.mean()


def test_women_grow_no_beards() -> None:
    looks = [
        Look.draw(np.random.default_rng(k), draw_person(0, k, male=False), 40.0)
        for k in range(30)
    ]
    assert not any(look.beard or look.moustache for look in looks)


@pytest.mark.parametrize("kind", ["pixel", "black", "blank", "scene", "weak", "second"])
def test_every_kind_of_picture_decodes(kind: str) -> None:
    assert _pixels(replace(PICTURE, kind=kind)).shape == (90, 90, 3)  # type: ignore[arg-type]


def test_old_photos_are_sometimes_greyscale() -> None:
    modes = {
        Image.open(io.BytesIO(draw_picture(replace(PICTURE, year=1970, row=row)))).mode  # type: ignore[arg-type]
        for row in range(10)
    }
    assert modes == {"L", "RGB"}


def test_border_is_repeated_where_the_photo_ended() -> None:
    image = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    )
    pixels = np.asarray(end_photo(image, (3, 0, 0, 5)))
    original = np.asarray(image)
    assert (pixels[:15, :3] == original[:15, 3:4]).all()
    assert (pixels[15:, 3:] == original[14:15, 3:]).all()
    assert (pixels[:15, 3:] == original[:15, 3:]).all()
