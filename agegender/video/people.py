"""What is told of one face over a film, and how it is averaged.

Every look gives an age distribution and a probability of male. A face's answer is
their average so far, weighted by how sure the detector was: distributions as they
are, genders as log odds, both after the network's calibration. The interval is read
off the average as it would be off a single answer. Looks at one face share its light,
its pose and all that the network gets wrong about it, so many of them are no proof:
the interval is not narrowed by their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agegender.model.ages import point_age
from agegender.notice import NOTICE
from agegender.predict.faces import Face, abstentions
from agegender.predict.predictor import Predictor
from agegender.predict.tables import DOUBT

LEAST: float = 1e-6
"""Probability that stands for 0, whose log odds would be endless."""

TOLD: int = 20
"""People in the table, those seen longest; a film of hours may show thousands."""


@dataclass(frozen=True)
class Person:
    """One face for as long as it stayed in the picture.

    Args:
        track: Its number, from 1.
        first: Seconds at which it was seen first.
        last: Seconds at which it was seen last.
        looks: How often it was looked at.
        face: As last seen, with the average of all answers.
    """

    track: int
    first: float
    last: float
    looks: int
    face: Face

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON."""
        answer = self.face.to_dict()
        kept = ("age", "age_low", "age_high", "gender", "male_probability", "abstained")
        return {
            "track": self.track,
            "first": round(self.first, 3),
            "last": round(self.last, 3),
            "looks": self.looks,
            **{name: answer[name] for name in kept},
        }


class Average:
    """The answers about one face, averaged as they come.

    Args:
        predictor: Whose network, interval and rules tell the average.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._ages = np.zeros(0)
        self._log_odds = 0.0
        self._weight = 0.0
        self.looks = 0

    def add(self, face: Face) -> Face:
        """Take one more answer in.

        Args:
            face: With its age distribution.

        Returns:
            The same face with the average instead of the answer.
        """
        assert face.age_probabilities is not None
        weight = 1.0 if face.detection_score is None else face.detection_score
        ages = weight * np.array(face.age_probabilities)
        self._ages = self._ages + ages if self.looks else ages
        male = min(max(face.male_probability, LEAST), 1.0 - LEAST)
        self._log_odds += weight * float(np.log(male / (1.0 - male)))
        self._weight += weight
        self.looks += 1
        return self._told(face)

    def _told(self, face: Face) -> Face:
        asked = self._predictor
        ages = (self._ages / self._ages.sum())[None]
        age = float(point_age(ages, asked.network.point)[0])
        ends = asked.network.calibration.age_interval(ages, asked.interval)
        low, high = (float(end[0]) for end in ends)
        male = 1.0 / (1.0 + float(np.exp(-self._log_odds / self._weight)))
        told = replace(
            face,
            age=age,
            # A long thin tail can pull the age out of the interval: stretch it.
            age_low=min(low, age),
            age_high=max(high, age),
            male_probability=male,
            age_probabilities=None,
        )
        return replace(told, abstained=abstentions(told, asked.abstain))


def to_table(people: Sequence[Person]) -> str:
    """Lay people out for reading, in the order in which they came.

    Args:
        people: Of one film.

    Returns:
        Text without a newline at its end: of at most `TOLD` people, those that were
        looked at most, then what the answers are not for.
    """
    most = sorted(people, key=lambda person: -person.looks)[:TOLD]
    head = f"{'face':>4} {'from s':>8} {'to s':>8} {'looks':>6} {'age':>5}  "
    lines = [f"{head}{'interval':<8}  {'gender':<7} {'sure':>5}"]
    lines += [_row(person) for person in sorted(most, key=lambda one: one.track)]
    if rest := len(people) - len(most):
        lines.append(f"and {rest} others, looked at less often")
    doubts = any(person.face.abstained for person in most)
    return "\n".join([*lines, "", *[DOUBT] * doubts, NOTICE])


def _row(person: Person) -> str:
    face = person.face
    doubt = dict.fromkeys(face.abstained, "?")
    number = f"{person.track}{doubt.get('face', '')}"
    age = f"{face.age:.0f}{doubt.get('age', '')}"
    span = f"{face.age_low:.0f}-{face.age_high:.0f}"
    gender = face.gender + doubt.get("gender", "")
    return (
        f"{number:>4} {person.first:>8.1f} {person.last:>8.1f} {person.looks:>6} "
        f"{age:>5}  {span:<8}  {gender:<7} {face.gender_probability:>5.2f}"
    )
