"""Drawn faces as a network takes them, for a check where there is no store."""

import numpy as np
from numpy.typing import NDArray

from agegender.config import CropRule
from agegender.data.faces import decode_face
from agegender.data.sample.photos import GROUPS, draw_group


def drawn_faces(rule: CropRule) -> NDArray[np.uint8]:
    """Return one face of each sitter of the drawn photos, the same every time.

    Args:
        rule: How they are cut.

    Returns:
        uint8 (N, S, S, 3), RGB.
    """
    sitters = [sitter for group in GROUPS.values() for sitter in group]
    faces = []
    for number, who in enumerate(sitters):
        photo = draw_group((who,), np.random.default_rng(number))
        box = (who.x - who.unit, who.y - who.unit, who.x + who.unit, who.y + who.unit)
        faces.append(decode_face(photo, box, rule))
    return np.stack(faces)
