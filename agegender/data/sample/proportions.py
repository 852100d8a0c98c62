"""Where things are in a face, from childhood to old age."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from agegender.data.sample.person import Person


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
        old = ramp(age - person.late[2], 30.0, 90.0)
        # Before puberty the two sexes hardly differ.
        grown = 0.15 + 0.85 * ramp(age, 10.0, 19.0)
        jaw, brow, lips, nose, eye = person.build * grown
        b = person.bones
        eye_y = -0.11 + 0.27 * child + 0.01 * b[3]
        width = 0.74 + 0.018 * b[0] + 0.018 * jaw + 0.08 * child
        return cls(
            width=width,
            jaw=width * (0.83 + 0.065 * jaw + 0.02 * b[1] - 0.03 * child + 0.08 * old),
            chin=0.27 + 0.06 * jaw + 0.015 * b[1] - 0.03 * child + 0.03 * old,
            bottom=1.0 + 0.02 * b[2] + 0.03 * jaw - 0.16 * child,
            crown=-1.1 - 0.08 * child,
            hairline=-0.72 + 0.02 * b[4] + 0.04 * child,
            eye_x=0.335 + 0.012 * b[3] + 0.015 * child,
            eye_y=eye_y,
            eye=0.16 - 0.01 * eye + 0.05 * child - 0.01 * old,
            lid=0.52 - 0.05 * eye + 0.12 * child - 0.22 * old,
            tilt=0.02 + 0.015 * b[4] - 0.012 * eye - 0.03 * old,
            brow_y=eye_y - 0.205 + 0.026 * brow - 0.02 * child + 0.01 * old,
            brow=0.056 + 0.024 * brow - 0.028 * child,
            nose_y=0.36 + 0.02 * b[6] + 0.04 * child + 0.03 * old,
            nose=0.165 + 0.015 * nose + 0.014 * b[5] - 0.04 * child + 0.03 * old,
            mouth_y=0.62 + 0.015 * b[2] - 0.015 * child + 0.01 * old,
            mouth=0.29 + 0.02 * b[7] - 0.07 * child + 0.008 * nose,
            lips=0.09 - 0.023 * lips + 0.01 * child - 0.045 * old,
        )
