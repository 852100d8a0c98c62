"""Invented names; no name is an identity, as in the real archive."""

import numpy as np

FEMALE = (
    "Ada Amira Beata Chiara Dagny Elif Fatou Greta Hanna Ines Jana Keiko Leila Mira "
    "Nadia Olga Petra Rosa Sofia Thandi Uma Vera Wilma Yuki Zora"
).split()
MALE = (
    "Anton Bashir Carlo Dimitri Emil Farid Gustav Hugo Ivan Jonas Kofi Lars Mateo "
    "Nuno Omar Pavel Quentin Ravi Stefan Tariq Ugo Viktor Walter Yusuf Zoltan"
).split()
FAMILY = (
    "Abara Berg Castro Dahl Eriksen Fonseca Grünwald Haddad Ito Jensen Kovács Lindqvist "
    "Moreau Novák Okafor Petrov Quiroga Rossi Sørensen Tanaka Ueda Varga Weiss Yılmaz Zhou"
).split()
NAMELESS = 0.002
"""Share of rows without a name."""


def draw_names(rng: np.random.Generator, male: np.ndarray) -> list[str]:
    """Return one full name a person, sometimes an empty one.

    Args:
        rng: Source of chance.
        male: (n,) bool.
    """
    given = np.where(male, rng.choice(MALE, len(male)), rng.choice(FEMALE, len(male)))
    family = rng.choice(FAMILY, len(male))
    nameless = rng.random(len(male)) < NAMELESS
    return [
        "" if empty else f"{first} {last}"
        for first, last, empty in zip(given, family, nameless, strict=True)
    ]
