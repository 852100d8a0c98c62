"""How a person looks at an age, on the day of one photo."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from agegender.data.sample.brush import Colour, mix, rgb
from agegender.data.sample.person import Person
from agegender.data.sample.proportions import Face, ramp

GREY = rgb(168, 168, 172)
WHITE = rgb(238, 236, 230)
DYES = (rgb(96, 58, 36), rgb(196, 152, 96), rgb(120, 52, 34), rgb(48, 36, 34))


@dataclass(frozen=True)
class Haircut:
    """Hair on the head.

    Args:
        colour: After greying or dyeing.
        length: 0 shorn, 0.3 ears, 0.6 chin, 1 shoulders.
        volume: Thickness above the skull, face units.
        recession: Hair lost at the temples and the crown, 0..1.
        fringe: How far hair falls over the forehead, 0..1.
        part: Where the hair parts, -1..1.
        curl: 0 straight, 1 frizzy.
        tied: Whether long hair is tied back.
    """

    colour: Colour
    length: float
    volume: float
    recession: float
    fringe: float
    part: float
    curl: float
    tied: bool


@dataclass(frozen=True)
class Look:
    """Everything that the drawing needs to know of a person on a photo.

    Args:
        person: Who.
        age: Years.
        face: Proportions.
        haircut: Hair on the head.
        wrinkles: 0..1.
        sag: How much cheeks and lids hang, 0..1.
        child: 1 in the newborn, 0 from 17 years.
        beard: Density of the beard, 0..1.
        moustache: Density of the moustache, 0..1.
        beard_colour: Of both.
        brow_colour: Of the brows.
        make_up: Strength of lipstick and eye make-up, 0..1.
        lipstick: Its colour.
        smile: -0.3..1.
        teeth: Whether they show.
        glasses: 0 none, 1 thin frame, 2 thick frame.
        earrings: Whether they are worn.
        clothes: Colour of what is worn.
        collar: 0 round neck, 1 shirt, 2 shirt and tie, 3 low neck.
    """

    person: Person
    age: float
    face: Face
    haircut: Haircut
    wrinkles: float
    sag: float
    child: float
    beard: float
    moustache: float
    beard_colour: Colour
    brow_colour: Colour
    make_up: float
    lipstick: Colour
    smile: float
    teeth: bool
    glasses: int
    earrings: bool
    clothes: Colour
    collar: int

    @classmethod
    def draw(cls, rng: np.random.Generator, person: Person, age: float) -> Self:
        """Draw the look of a person at an age in years."""
        grown = ramp(age, 13.0, 19.0)
        grey = float(1 / (1 + np.exp(-(age - person.late[1] - 52) / 7.5)))
        beard, moustache = _beard(rng, person, grown)
        make_up = person.made_up * grown * rng.uniform(0.4, 1.0)
        adult = bool(grown > 0.5)
        smile = float(np.clip(rng.normal(0.4, 0.35), -0.3, 1.0))
        return cls(
            person=person,
            age=age,
            face=Face.of(person, age),
            haircut=_haircut(rng, person, age, grey),
            wrinkles=ramp(age - person.late[0], 20.0, 85.0),
            sag=ramp(age - person.late[2], 26.0, 88.0),
            child=1.0 - ramp(age, 0.0, 17.0),
            beard=beard,
            moustache=moustache,
            beard_colour=mix(person.hair * 0.8, _faded(person, age), grey),
            brow_colour=mix(person.hair * 0.75, _faded(person, age), 0.7 * grey),
            make_up=float(make_up),
            lipstick=mix(rgb(196, 44, 62), rgb(206, 108, 112), rng.random()),
            smile=smile,
            teeth=bool(smile > 0.45 and rng.random() < 0.55),
            glasses=int(rng.integers(1, 3))
            * int(age >= person.glasses and rng.random() < 0.75),
            earrings=bool(adult and rng.random() < (0.02 if person.male else 0.4)),
            clothes=_cloth(rng, age),
            collar=_collar(rng, person, adult=adult),
        )


def _faded(person: Person, age: float) -> Colour:
    """Return what hair fades to: grey at first, white in old age."""
    return mix(GREY, WHITE, ramp(age - person.late[1], 56, 84))


def _beard(
    rng: np.random.Generator, person: Person, grown: float
) -> tuple[float, float]:
    """Return the density of beard and moustache, 0..1."""
    if not person.male or grown <= 0:
        return 0.0, 0.0
    if person.bearded < 0.4:  # shaven, with a shadow
        return grown * rng.uniform(0.04, 0.16), grown * 0.08
    if person.bearded < 0.62:
        stubble = grown * rng.uniform(0.15, 0.45)
        return stubble, stubble
    full = grown * rng.uniform(0.55, 0.95)
    kind = rng.random()
    return (0.0, full) if kind < 0.3 else (full, full)


def _haircut(
    rng: np.random.Generator, person: Person, age: float, grey: float
) -> Haircut:
    bald = ramp(age - person.late[3], 20.0, 62.0) * person.balding
    liking = np.clip(person.long_hair + rng.normal(0, 0.1), 0, 1)
    # Babies have little hair; women cut theirs shorter as years go by.
    length = liking * ramp(age, 0.0, 4.0) * (1.0 - 0.4 * ramp(age, 45, 80))
    grown_in = 0.3 + 0.7 * ramp(age, 0.0, 3.0)
    colour = mix(person.hair, _faded(person, age) + rng.normal(0, 6), grey)
    if person.dyes and grey > 0.1:
        colour = mix(DYES[int(rng.integers(len(DYES)))], person.hair, 0.5)
    return Haircut(
        colour=colour,
        length=float(length),
        volume=float(
            (0.06 + 0.12 * rng.random() + 0.08 * length)
            * grown_in
            * (1 - 0.4 * ramp(age, 50, 90))
        ),
        recession=float(bald),
        fringe=float(rng.random() < 0.3 + 0.25 * (length > 0.4)) * rng.uniform(0.4, 1),
        part=float(rng.choice([-0.45, 0.0, 0.45]) + rng.normal(0, 0.1)),
        curl=person.curl,
        tied=bool(length > 0.5 and rng.random() < 0.3),
    )


def _collar(rng: np.random.Generator, person: Person, *, adult: bool) -> int:
    if not adult:
        return 0
    shares = (0.36, 0.32, 0.32, 0.0) if person.male else (0.36, 0.1, 0.01, 0.53)
    return int(rng.choice(4, p=shares))


def _cloth(rng: np.random.Generator, age: float) -> Colour:
    """Draw the colour of clothes: bright on the young, often muted on the old."""
    bright = rng.uniform(40, 235, 3)
    muted = bright.mean() * rng.uniform(0.4, 0.9) + rng.normal(0, 8, 3)
    return mix(bright, muted, float(np.clip(age / 80 + rng.normal(0, 0.2), 0, 1)))
