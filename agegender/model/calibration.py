"""What must be corrected in a network's own idea of how sure it is. NumPy only.

A network trained long enough is too sure of itself, and one trained on widened labels
not sure enough. Two temperatures flatten or sharpen its probabilities, and a table
tells how much of the corrected age distribution an interval must span so that it holds
the true age as often as it says. Both are fitted on validation faces and travel inside
the exported file.

Reference: Guo et al., ICML 2017 (temperature); Chernozhukov, Wüthrich & Zhu, PNAS 2021
(distributional conformal prediction); Vovk, ACML 2012 (by group).
"""

import json
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agegender.config import AGE_BAND_STARTS
from agegender.errors import ModelError
from agegender.model.ages import age_quantile, expected_age

TINY = 1e-38
"""Probability that stands for 0: the least that float32 holds in full precision."""

ROUNDING = 1e-9
"""By how much a level may be missed and still be that level."""


@dataclass(frozen=True)
class Calibration:
    """Corrections to a network's probabilities; without arguments it corrects nothing.

    Args:
        age_temperature: Above 1 flattens the age distribution, below 1 sharpens it.
        gender_temperature: The same for the probability of male.
        levels: Shares of faces, rising, 0..1, that intervals were fitted for.
        spans: For each band of predicted age, and each level, how much of the
            distribution an interval has to span, 0..1.
        faces: Validation faces that it was fitted on.
    """

    age_temperature: float = 1.0
    gender_temperature: float = 1.0
    levels: tuple[float, ...] = ()
    spans: tuple[tuple[float, ...], ...] = ()
    faces: int = 0

    def __post_init__(self) -> None:
        # JSON knows lists alone.
        object.__setattr__(self, "levels", tuple(map(float, self.levels)))
        object.__setattr__(self, "spans", tuple(tuple(row) for row in self.spans))
        temperatures = np.array([self.age_temperature, self.gender_temperature])
        if not (np.isfinite(temperatures).all() and (temperatures > 0.0).all()):
            raise ModelError(
                f"temperatures must be above 0. Received: {temperatures.tolist()}."
            )
        bands = len(AGE_BAND_STARTS) if self.levels else 0
        widths = {len(row) for row in self.spans} or {len(self.levels)}
        shares = [*self.levels, *(span for row in self.spans for span in row)]
        if not (
            len(self.spans) == bands
            and widths == {len(self.levels)}
            and list(self.levels) == sorted(set(self.levels))
            and all(0.0 <= share <= 1.0 for share in shares)
        ):
            raise ModelError(
                f"calibration needs rising levels, and {bands} x {len(self.levels)} "
                f"spans, within 0..1. Received: {self.levels} and {self.spans}."
            )

    @property
    def has_intervals(self) -> bool:
        """Return whether intervals were fitted."""
        return bool(self.levels)

    def of_ages(self, probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
        """Correct age distributions.

        Args:
            probabilities: (N, 101), each row summing to 1.

        Returns:
            float32 (N, 101), each row summing to 1.
        """
        if self.age_temperature == 1.0:
            return probabilities.astype(np.float32, copy=False)
        return tempered(probabilities, self.age_temperature).astype(np.float32)

    def of_genders(self, male: NDArray[np.floating]) -> NDArray[np.float32]:
        """Correct probabilities of male, (N,), 0..1: float32 (N,)."""
        if self.gender_temperature == 1.0:
            return male.astype(np.float32, copy=False)
        both = np.stack([1.0 - male.astype(np.float64), male], axis=1)
        return tempered(both, self.gender_temperature)[:, 1].astype(np.float32)

    def age_interval(
        self, probabilities: NDArray[np.floating], level: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the intervals that hold the ages as often as asked.

        Args:
            probabilities: (N, 101), corrected by `of_ages`.
            level: Share of faces whose age is to lie inside, 0..1. Between two fitted
                levels the higher one serves; above all, everything is possible. What
                was never fitted spans that share of the distribution itself.

        Returns:
            The low and the high end, each float32 (N,), in years within 0..100.
        """
        span = self._span(expected_age(probabilities), level)
        low = age_quantile(probabilities, (1.0 - span) / 2.0)
        high = age_quantile(probabilities, (1.0 + span) / 2.0)
        # Where everything is possible, so is what the network gave no chance at all.
        whole = span >= 1.0
        last = probabilities.shape[1] - 1
        return np.where(whole, 0, low), np.where(whole, last, high)

    def _span(self, age: NDArray[np.float32], level: float) -> NDArray[np.float64]:
        if not self.has_intervals:
            return np.full(len(age), level)
        column = int(np.searchsorted(np.array(self.levels) + ROUNDING, level))
        if column == len(self.levels):
            return np.ones(len(age))
        return np.array(self.spans)[band_of(age), column]

    def to_json(self) -> str:
        """Write it as text, for the metadata of a file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ModelError: If it is none.
        """
        try:
            return cls(**json.loads(text))
        # Nested without end, too.
        except (TypeError, ValueError, RecursionError) as error:
            raise ModelError(
                f"unreadable calibration. Received: {text[:80]}"
            ) from error


def band_of(age: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the band, int64 (N,), that each age in years is in."""
    return np.asarray(np.searchsorted(AGE_BAND_STARTS, age, side="right") - 1)


def tempered(
    probabilities: NDArray[np.floating], temperature: float
) -> NDArray[np.float64]:
    """Flatten or sharpen distributions: softmax(log p / temperature).

    Args:
        probabilities: (N, k), each row summing to 1.
        temperature: Above 0.

    Returns:
        float64 (N, k), each row summing to 1.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), TINY)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
