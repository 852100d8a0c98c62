"""What a photo may be, and when an answer about a face is too unsure to be given."""

from dataclasses import asdict, dataclass
from typing import Literal

from agegender.config.checks import require, require_not_negative

AnswerFormat = Literal["table", "json", "jsonl", "csv", "parquet"]
"""How answers are written: for people, whole, or growing photo by photo."""

MAX_PIXELS = 80_000_000
"""Largest photo accepted; a file of a few bytes may claim to be far larger."""


@dataclass(frozen=True)
class AbstainRules:
    """When the model abstains from a part of its answer: it is told, and marked.

    Args:
        age_interval: Widest age interval, in years, that still says something.
        gender_probability: Least probability of the likelier gender, 0.5..1.
        detection_score: Least score of the detector, 0..1, for a face to be one.
    """

    age_interval: float = 40.0
    gender_probability: float = 0.8
    detection_score: float = 0.9

    def __post_init__(self) -> None:
        require_not_negative("abstain", self, ["age_interval"])
        require(
            0.5 <= self.gender_probability <= 1.0,
            "abstain.gender_probability must be within 0.5..1. "
            f"Received: {self.gender_probability}.",
        )
        require(
            0.0 <= self.detection_score <= 1.0,
            "abstain.detection_score must be within 0..1. "
            f"Received: {self.detection_score}.",
        )


@dataclass(frozen=True)
class PhotoLimits:
    """How much one photo may ask for.

    Args:
        bytes: Largest encoded photo.
        pixels: Largest decoded photo; three bytes of memory each.
        faces: Faces answered of one photo, the surest; the others are counted.
    """

    bytes: int = 200_000_000
    pixels: int = MAX_PIXELS
    faces: int = 1_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            require(value >= 1, f"{name} must be at least 1. Received: {value}.")


@dataclass(frozen=True)
class ServiceLimits(PhotoLimits):
    """How much one request to the served model may ask for.

    Args:
        bytes: Largest encoded photo, before base64.
        pixels: Largest decoded photo.
        faces: Faces answered of one photo.
        photos: Photos in one request.
    """

    bytes: int = 20_000_000
    pixels: int = 50_000_000
    faces: int = 100
    photos: int = 64
