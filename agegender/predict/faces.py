"""The answer: the faces of one photo, as plain values."""

from dataclasses import dataclass
from typing import Any, Literal

NO_FACE = "no face found"
EVEN = 0.5
"""Probability of male from which on a face counts as male."""


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
        age_low: Youngest age of the central interval, in years.
        age_high: Oldest age of the central interval, in years. The network's own
            distribution decides; it is not calibrated, so the interval may hold
            the annotated age more or less often than its name says.
        male_probability: 0 (female) .. 1 (male), not calibrated either.
        age_probabilities: Probabilities of the ages 0..100; None unless asked for.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...] | None
    detection_score: float | None
    age: float
    age_low: float
    age_high: float
    male_probability: float
    age_probabilities: tuple[float, ...] | None = None

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
        }
        if self.age_probabilities is not None:
            answer["age_probabilities"] = _rounded(self.age_probabilities, 5)
        return answer


@dataclass(frozen=True)
class PhotoFaces:
    """The faces of one photo, or why there are none.

    Args:
        source: The path as given, or `photo 3` for the third of photos without one.
        faces: Most certain detection first.
        error: What was wrong with the photo, one line; None where it was read.
    """

    source: str
    faces: tuple[Face, ...] = ()
    error: str | None = None

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
        }


def _rounded(values: tuple[float, ...], digits: int) -> list[float]:
    return [round(value, digits) for value in values]


def _round_known(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
