"""One person drawn on a picture, from the back to the front."""

import numpy as np
from PIL import Image

from agegender.data.sample.brush import Brush
from agegender.data.sample.features import (
    draw_brows,
    draw_ears,
    draw_eyes,
    draw_nose,
)
from agegender.data.sample.hair import draw_back_hair, draw_beard, draw_front_hair
from agegender.data.sample.head import draw_head, draw_neck
from agegender.data.sample.look import Look
from agegender.data.sample.mouth import draw_mouth
from agegender.data.sample.pose import Pose
from agegender.data.sample.wear import draw_clothes, draw_earrings, draw_glasses


def draw_portrait(
    image: Image.Image,
    look: Look,
    pose: Pose,
    light: float,
    rng: np.random.Generator,
) -> None:
    """Draw a person with head and shoulders.

    Args:
        image: RGB picture, changed in place; best twice as large as wanted and
            halved afterwards, which smooths all edges.
        look: Who, at what age.
        pose: Where, and which way the head looks.
        light: Where light comes from, -1 left to 1 right.
        rng: Source of strands and blotches.
    """
    brush = Brush(image, pose)
    draw_back_hair(brush, look, rng)
    draw_neck(brush, look, light)
    draw_clothes(brush, look)
    draw_ears(brush, look)
    draw_head(brush, look, light, rng)
    draw_beard(brush, look, rng)
    draw_nose(brush, look, light)
    draw_mouth(brush, look)
    draw_eyes(brush, look, gaze=float(np.clip(rng.normal(0, 0.4), -1, 1)))
    draw_brows(brush, look)
    draw_front_hair(brush, look, rng)
    draw_earrings(brush, look)
    draw_glasses(brush, look)
