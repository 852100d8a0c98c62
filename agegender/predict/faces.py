"""The answer: the faces of one photo, as plain values."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from agegender.config import AbstainRules

NO_FACE = "no face found"
EVEN = 0.5
"""Probability of male from which on a face counts as male."""

Part = Literal["face", "age", "gender"]
"""Of an answer."""


@dataclass(frozen=True)
class Face:
    """One face and what the network says of it.

    Args:
        box: Left, top, right, bottom in pixels of the upright photo, 0-based, right
            and bottom exclusive. A face at the edge may reach beyond the photo.
        landmarks: (x, y) of left eye, right eye, nose, left and right corner of the
            mouth; None where the detector has none.
        detection_score: Confidence of the detector, 0..1; None for ready crops.
        age: What the network tells of the age distribution, its mean unless it was
            trained otherwise, in years.
        age_low: Youngest age of the interval, in years.
        age_high: Oldest age of the interval, in years. It holds the annotated age as
            often as it says where the network was calibrated; else its own
            distribution decides.
        male_probability: 0 (female) .. 1 (male), calibrated likewise.
        age_probabilities: Probabilities of the ages 0..100; None unless asked for.
        abstained: What the model had rather not said: `face` where it may be none,
            `age`, `gender`. The figures are told all the same.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...] | None
    detection_score: float | None
    age: float
    age_low: float
    age_high: float
    male_probability: float
    age_probabilities: tuple[float, ...] | None = None
    abstained: tuple[Part, ...] = ()

    @property
    def gender(self) -> Literal["female", "male"]:
        """The likelier of the two labels that the training data know."""
        return "male" if self.male_probability >= EVEN else "female"

    @property
    def gender_probability(self) -> float:
        """Probability of `gender`, 0.5..1."""
        return max(self.male_probability, 1.0 - self.male_probability)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON, rounded to what they are worth."""
        answer: dict[str, Any] = {
            "box": _rounded(self.box, 1),
            "landmarks": self.landmarks
            and [_rounded(point, 1) for point in self.landmarks],
            "detection_score": _round_known(self.detection_score, 3),
            "age": round(self.age, 1),
            "age_low": round(self.age_low, 1),
            "age_high": round(self.age_high, 1),
            "gender": self.gender,
            "male_probability": round(self.male_probability, 3),
            "abstained": list(self.abstained),
        }
        if self.age_probabilities is not None:
            answer["age_probabilities"] = _rounded(self.age_probabilities, 5)
        return answer


@dataclass(frozen=True)
class PhotoFaces:
    """The faces of one photo, or why there are none.

    Args:
        source: The path as given, an address without its password, or `photo 3` for
            the third of photos without one.
        faces: Most certain detection first.
        error: What was wrong with the photo, one line; None where it was read.
        left_out: Faces found beyond as many as are answered of one photo.
        pixels: The photo, uint8, (H, W, 3), RGB, where it was to be kept.
    """

    source: str
    faces: tuple[Face, ...] = ()
    error: str | None = None
    left_out: int = 0
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    @property
    def reason(self) -> str | None:
        """Why there are no faces; None where there are."""
        return self.error or (None if self.faces else NO_FACE)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON."""
        return {
            "photo": self.source,
            "faces": [face.to_dict() for face in self.faces],
            "reason": self.reason,
            "left_out": self.left_out,
        }


def abstentions(face: Face, rules: AbstainRules) -> tuple[Part, ...]:
    """Return the parts of an answer that are too unsure to be one."""
    unsure: dict[Part, bool] = {
        "face": (1.0 if (score := face.detection_score) is None else score)
        < rules.detection_score,
        "age": face.age_high - face.age_low > rules.age_interval,
        "gender": face.gender_probability < rules.gender_probability,
    }
    return tuple(part for part, is_unsure in unsure.items() if is_unsure)


def _rounded(values: tuple[float, ...], digits: int) -> list[float]:
    return [round(value, digits) for value in values]


def _round_known(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
