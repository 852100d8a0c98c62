"""Invented names; no name is an identity, as in the real archive."""

import numpy as np
from numpy.typing import NDArray

_FEMALE = """
Ada Amira Beata Chiara Dagny Elif Fatou Greta Hanna Ines Jana Keiko Leila Mira Nadia
Olga Petra Rosa Sofia Thandi Uma Vera Wilma Yuki Zora
"""
_MALE = """
Anton Bashir Carlo Dimitri Emil Farid Gustav Hugo Ivan Jonas Kofi Lars Mateo Nuno Omar
Pavel Quentin Ravi Stefan Tariq Ugo Viktor Walter Yusuf Zoltan
"""
_FAMILY = """
Abara Berg Castro Dahl Eriksen Fonseca Grünwald Haddad Ito Jensen Kovács Lind Moreau
Novák Okafor Petrov Quiroga Rossi Sørensen Tanaka Ueda Varga Weiss Yavuz Zhou
"""
NAMELESS = 0.002
"""Share of people without a name."""


def draw_names(rng: np.random.Generator, male: NDArray[np.bool_]) -> list[str]:
    """Return one full name a person, sometimes an empty one.

    Args:
        rng: Source of chance.
        male: (n,) bool.
    """
    people = len(male)
    given = np.where(
        male, rng.choice(_MALE.split(), people), rng.choice(_FEMALE.split(), people)
    )
    family = rng.choice(_FAMILY.split(), people)
    nameless = rng.random(people) < NAMELESS
    return [
        "" if empty else f"{first} {last}"
        for first, last, empty in zip(given, family, nameless, strict=True)
    ]
