"""Drawn people to click on: nobody's photo, made as the page starts."""

import io
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from agegender.data.sample.photos import GROUPS, draw_group
from agegender.demo.answer import picture

_SEED: Final = 1
_SIDE: Final = 160


class Sample(NamedTuple):
    """A drawn photo.

    Args:
        name: What is on it.
        photo: JPEG.
    """

    name: str
    photo: bytes


def draw_samples() -> list[Sample]:
    """Draw the photos, the same ones every time."""
    return [
        Sample(
            name.replace("-", " "),
            draw_group(sitters, np.random.default_rng([_SEED, number])),
        )
        for number, (name, sitters) in enumerate(GROUPS.items())
    ]


def buttons(samples: list[Sample]) -> str:
    """Return a button a photo; `data-number` says which."""
    row = "".join(
        f'<button type="button" data-number="{number}" '
        f'aria-label="Drawn photo: {sample.name}">'
        f'<img alt="" src="{_small(sample.photo)}"></button>'
        for number, sample in enumerate(samples)
    )
    return f'<div class="samples">{row}</div>'


def _small(photo: bytes) -> str:
    return picture(Image.open(io.BytesIO(photo)), _SIDE)
