"""What a measure is: a title, a unit, and a way to be taken of drawn people.

Most measures are sums over faces: a few columns, one row a face, and a rule that
turns the columns' sums into one number. Resampling people then needs sums alone: no
such measure is computed face by face a thousand times. A median or an area under a
curve needs the faces' order, and is taken of weights: how often each face is drawn.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agegender.evaluate.answers import Answers, FloatArray

Weigh = Callable[[FloatArray], FloatArray]
"""Weights of n faces, float64 (m, n) -> values of a measure, float64 (m,)."""


@dataclass(frozen=True)
class Metric(ABC):
    """One measure.

    Args:
        title: What people read.
        unit: `years`, `share` (0..1) or `nats`.
        of_gender: Whether only faces of known gender count.
    """

    title: str
    unit: str
    of_gender: bool

    @abstractmethod
    def value(self, answers: Answers) -> float:
        """Return the measure over all faces that count; NaN where none does."""

    def counted(self, answers: Answers) -> NDArray[np.bool_]:
        """Return which faces the measure is taken over, bool (n,)."""
        everybody = np.ones(len(answers), dtype=np.bool_)
        return answers.gender_known if self.of_gender else everybody


@dataclass(frozen=True)
class SumMetric(Metric):
    """A measure made of sums over faces.

    A face that does not count has 0 in every column, and so counts in neither part
    of a ratio.

    Args:
        title: What people read.
        unit: `years`, `share` (0..1) or `nats`.
        of_gender: Whether only faces of known gender count.
        columns: Answers of n faces -> float64 (n, k).
        finish: Sums of the columns, float64 (..., k) -> values, float64 (...).
        of_hits: Whether it is the share of faces that are hits.
    """

    columns: Callable[[Answers], FloatArray]
    finish: Callable[[FloatArray], FloatArray]
    of_hits: bool = False

    def value(self, answers: Answers) -> float:
        """Return the measure over all faces that count; NaN where none does."""
        return float(self.finish(self.columns(answers).sum(axis=0)))


@dataclass(frozen=True)
class RankMetric(Metric):
    """A measure that needs the order of the faces.

    Args:
        title: What people read.
        unit: `years`, `share` (0..1) or `nats`.
        of_gender: Whether only faces of known gender count.
        prepare: Answers of n faces -> the measure for any weights of them. The faces
            are put in order once, not once a draw.
    """

    prepare: Callable[[Answers], Weigh]

    def value(self, answers: Answers) -> float:
        """Return the measure over all faces that count; NaN where none does."""
        return float(self.prepare(answers)(np.ones((1, len(answers))))[0])
