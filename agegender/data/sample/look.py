"""How a person looks at an age, on the day of one photo."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from agegender.data.sample.brush import Colour, mix, rgb
from agegender.data.sample.person import Person

GREY = rgb(196, 196, 198)
DYES = (rgb(96, 58, 36), rgb(196, 152, 96), rgb(120, 52, 34), rgb(48, 36, 34))


def ramp(age: float, start: float, end: float) -> float:
    """Return 0 up to one age, 1 from another, rising evenly between."""
    return float(np.clip((age - start) / (end - start), 0.0, 1.0))


@dataclass(frozen=True)
class Face:
    """Where things are in a face, in face units; x counts from the middle.

    Args:
        width: Half the width at the cheekbones.
        jaw: Half the width at the corners of the jaw.
        chin: Half the width of the chin.
        bottom: Lowest point of the chin, y.
        crown: Highest point of the skull, y.
        hairline: Where hair begins above the middle, y.
        eye_x: Middle of an eye.
        eye_y: Middle of an eye.
        eye: Half the width of an eye.
        lid: Half the opening of an eye as a share of its half width.
        tilt: How much higher the outer corner of an eye is than the inner.
        brow_y: Middle of a brow.
        brow: Thickness of a brow.
        nose_y: Tip of the nose.
        nose: Half the width of the nose.
        mouth_y: Line between the lips.
        mouth: Half the width of the mouth.
        lips: Thickness of the lower lip.
    """

    width: float
    jaw: float
    chin: float
    bottom: float
    crown: float
    hairline: float
    eye_x: float
    eye_y: float
    eye: float
    lid: float
    tilt: float
    brow_y: float
    brow: float
    nose_y: float
    nose: float
    mouth_y: float
    mouth: float
    lips: float

    @classmethod
    def of(cls, person: Person, age: float) -> Self:
        """Return a person's proportions at an age in years."""
        child = 1.0 - ramp(age, 0.0, 17.0)
        old = ramp(age + person.late[2], 35.0, 90.0)
        # Before puberty the two sexes hardly differ.
        grown = 0.15 + 0.85 * ramp(age, 10.0, 19.0)
        jaw, brow, lips, nose, eye = person.build * grown
        b = person.bones
        eye_y = -0.1 + 0.2 * child + 0.01 * b[3]
        width = 0.74 + 0.022 * b[0] + 0.05 * child
        return cls(
            width=width,
            jaw=width * (0.84 + 0.045 * jaw + 0.025 * b[1] - 0.05 * child + 0.06 * old),
            chin=0.27 + 0.04 * jaw + 0.015 * b[1] - 0.03 * child + 0.03 * old,
            bottom=1.0 + 0.02 * b[2] + 0.02 * jaw - 0.09 * child,
            crown=-1.1 - 0.05 * child,
            hairline=-0.72 + 0.02 * b[4] + 0.04 * child,
            eye_x=0.335 + 0.012 * b[3] + 0.015 * child,
            eye_y=eye_y,
            eye=0.162 - 0.008 * eye + 0.03 * child - 0.008 * old,
            lid=0.5 - 0.04 * eye + 0.12 * child - 0.16 * old,
            tilt=0.02 + 0.015 * b[4] - 0.012 * eye - 0.03 * old,
            brow_y=eye_y - 0.205 + 0.022 * brow + 0.01 * old,
            brow=0.052 + 0.016 * brow - 0.02 * child,
            nose_y=0.36 + 0.02 * b[6] + 0.07 * child + 0.03 * old,
            nose=0.165 + 0.012 * nose + 0.016 * b[5] - 0.025 * child + 0.02 * old,
            mouth_y=0.62 + 0.015 * b[2] + 0.03 * child + 0.01 * old,
            mouth=0.29 + 0.02 * b[7] - 0.04 * child + 0.008 * nose,
            lips=0.088 - 0.014 * lips + 0.01 * child - 0.036 * old,
        )


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
        grey = float(1 / (1 + np.exp(-(age - person.late[1] - 54) / 6)))
        beard, moustache = _beard(rng, person, grown)
        make_up = person.made_up * grown * rng.uniform(0.4, 1.0)
        adult = bool(grown > 0.5)
        smile = float(np.clip(rng.normal(0.4, 0.35), -0.3, 1.0))
        return cls(
            person=person,
            age=age,
            face=Face.of(person, age),
            haircut=_haircut(rng, person, age, grey),
            wrinkles=ramp(age - person.late[0], 22.0, 88.0),
            sag=ramp(age - person.late[2], 32.0, 90.0),
            child=1.0 - ramp(age, 0.0, 17.0),
            beard=beard,
            moustache=moustache,
            beard_colour=mix(person.hair * 0.8, GREY, min(1.0, grey * 1.1)),
            brow_colour=mix(person.hair * 0.75, GREY, 0.7 * grey),
            make_up=float(make_up),
            lipstick=mix(rgb(196, 44, 62), rgb(206, 108, 112), rng.random()),
            smile=smile,
            teeth=bool(smile > 0.45 and rng.random() < 0.55),
            glasses=int(rng.integers(1, 3))
            * int(age >= person.glasses and rng.random() < 0.75),
            earrings=bool(adult and rng.random() < (0.02 if person.male else 0.4)),
            clothes=rng.uniform(25, 225, 3) * rng.uniform(0.5, 1.0),
            collar=_collar(rng, person, adult=adult),
        )


def _beard(
    rng: np.random.Generator, person: Person, grown: float
) -> tuple[float, float]:
    """Return the density of beard and moustache, 0..1."""
    if not person.male or grown <= 0 or person.bearded < 0.35:
        return 0.0, 0.0
    if person.bearded < 0.6:
        stubble = grown * rng.uniform(0.05, 0.4)
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
    colour = mix(person.hair, GREY + rng.normal(0, 8), grey)
    if person.dyes and grey > 0.1:
        colour = mix(DYES[int(rng.integers(len(DYES)))], person.hair, 0.5)
    return Haircut(
        colour=colour,
        length=float(length),
        volume=float((0.06 + 0.12 * rng.random() + 0.08 * length) * grown_in),
        recession=float(bald),
        fringe=float(rng.random() < 0.3 + 0.25 * (length > 0.4)) * rng.uniform(0.4, 1),
        part=float(rng.choice([-0.45, 0.0, 0.45]) + rng.normal(0, 0.1)),
        curl=person.curl,
        tied=bool(length > 0.5 and rng.random() < 0.3),
    )


def _collar(rng: np.random.Generator, person: Person, *, adult: bool) -> int:
    if not adult:
        return 0
    shares = (0.42, 0.29, 0.29, 0.0) if person.male else (0.4, 0.16, 0.01, 0.43)
    return int(rng.choice(4, p=shares))
