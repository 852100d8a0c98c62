"""Who is drawn: what a person keeps from the cradle to old age.

Every trait overlaps between the sexes and every sign of age comes early to some
and late to others, so that pictures show age and gender without giving them away.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from agegender.data.sample.brush import Colour, mix, rgb

SKINS = (
    rgb(250, 216, 192),
    rgb(240, 198, 168),
    rgb(228, 178, 142),
    rgb(206, 152, 112),
    rgb(172, 118, 82),
    rgb(132, 88, 62),
    rgb(98, 66, 50),
)
CONTRARY = 0.07
"""Share of either sex that wears its hair as the other mostly does."""

FAIR_SKINS = 3
"""So many of the lightest skins go with any colour of hair and eyes."""

SKIN_SHARES = (0.18, 0.26, 0.2, 0.14, 0.1, 0.08, 0.04)
HAIRS = (
    rgb(34, 28, 28),
    rgb(62, 42, 32),
    rgb(104, 70, 44),
    rgb(150, 108, 64),
    rgb(208, 168, 104),
    rgb(156, 74, 38),
)
FAIR_HAIR_SHARES = (0.16, 0.27, 0.24, 0.15, 0.12, 0.06)
DARK_HAIR_SHARES = (0.8, 0.18, 0.02, 0.0, 0.0, 0.0)
EYES = (rgb(92, 60, 38), rgb(122, 92, 52), rgb(96, 116, 76), rgb(92, 130, 164))
FAIR_EYE_SHARES = (0.35, 0.2, 0.15, 0.3)


@dataclass(frozen=True)
class Person:
    """The traits that stay.

    Args:
        male: Sex.
        build: (5,) how masculine jaw, brow, lips, nose and eyes are; about -1 in
            women, 1 in men, with much overlap.
        bones: (8,) standard normal: head width, jaw width, chin length, eye
            distance, eye tilt, nose width, nose length, mouth width.
        skin: Colour of the skin.
        hair: Colour of the hair before it greys.
        eyes: Colour of the irises.
        late: (4,) years by which wrinkles, grey, sagging and hair loss lag.
        balding: How much hair the temples and the crown lose in the end, 0..1.
        long_hair: Liking for long hair, 0..1.
        bearded: Liking for beards, 0..1; 0 in women.
        made_up: Liking for make-up, 0..1.
        dyes: Whether grey hair is dyed.
        glasses: Age from which glasses are worn, years.
        curl: How curly the hair is, 0..1.
    """

    male: bool
    build: Colour
    bones: Colour
    skin: Colour
    hair: Colour
    eyes: Colour
    late: Colour
    balding: float
    long_hair: float
    bearded: float
    made_up: float
    dyes: bool
    glasses: float
    curl: float

    @classmethod
    def draw(cls, rng: np.random.Generator, *, male: bool) -> Self:
        """Draw a person of a sex."""
        shade = int(rng.choice(len(SKINS), p=SKIN_SHARES))
        fair = shade < FAIR_SKINS
        skin = SKINS[shade] + rng.normal(0, 5, 3)
        hair_shares = FAIR_HAIR_SHARES if fair else DARK_HAIR_SHARES
        hair = HAIRS[int(rng.choice(len(HAIRS), p=hair_shares))]
        eye_shares = FAIR_EYE_SHARES if fair else (0.85, 0.15, 0.0, 0.0)
        sex = 1.0 if male else -1.0
        return cls(
            male=male,
            build=sex * 1.15 + rng.normal(0, 0.2) + rng.normal(0, 0.45, 5),
            bones=rng.normal(0, 1, 8).clip(-2.2, 2.2),
            skin=skin,
            hair=mix(hair, HAIRS[1], rng.uniform(0, 0.35)) + rng.normal(0, 6, 3),
            eyes=EYES[int(rng.choice(len(EYES), p=eye_shares))] + rng.normal(0, 8, 3),
            late=rng.normal(0, 2.0) + rng.normal(0, (2.5, 4.0, 3.0, 4.0)),
            balding=float(rng.beta(1.1, 1.2)) if male else float(rng.beta(1, 14)),
            long_hair=_long_hair(rng, male=male),
            bearded=float(rng.random()) if male else 0.0,
            made_up=0.0 if male else float(rng.beta(1.3, 1.2)),
            dyes=bool(rng.random() < (0.05 if male else 0.18)),
            glasses=float(
                rng.choice([8, 25, 45, 60, 200], p=[0.08, 0.1, 0.16, 0.2, 0.46])
            ),
            curl=float(rng.beta(0.7, 1.6)) if fair else float(rng.beta(1.2, 0.9)),
        )


def _long_hair(rng: np.random.Generator, *, male: bool) -> float:
    """Draw a liking for long hair; some of either sex do as the other does."""
    contrary = bool(rng.random() < CONTRARY)
    liking = rng.beta(1, 10) if male != contrary else rng.beta(4, 1.3)
    return float(liking)
