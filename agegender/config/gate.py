"""What a version has to hold to become champion."""

from dataclasses import dataclass

from agegender.config.checks import require, require_not_negative


@dataclass(frozen=True)
class GateConfig:
    """What a version has to hold to become champion.

    Args:
        confidence: How sure a difference has to be to count, one-sided, 0.5..1.
        age_margin: Years by which the mean absolute error may be worse than the
            champion's. Below it has to lie the upper end of the difference's
            interval: with 0, a version has to be surely better.
        gender_margin: Share of gender accuracy, 0..1, that may be lost; more fails,
            if it is no chance.
        group_margin: Years by which the mean absolute error of any group of 30
            people or more (age bands, genders, both, and what else the store
            knows) may be worse; more fails, if it is no chance.
        coverage_margin: Share, 0..1, by which age intervals may miss the 80 and
            90 % that they promise; more fails, if it is no chance.
        latency_ms: Longest time one face may take on this machine, median of
            several, in milliseconds; 0 for no limit.
        size_mb: Largest network file, in megabytes; 0 for no limit.
        same_signature: Whether what is sent and answered must stay as it is.
        same_test_split: Whether the test faces must be those that the champion was
            judged by.
    """

    confidence: float = 0.95
    age_margin: float = 0.0
    gender_margin: float = 0.01
    group_margin: float = 1.0
    coverage_margin: float = 0.05
    latency_ms: float = 0.0
    size_mb: float = 0.0
    same_signature: bool = True
    same_test_split: bool = True

    def __post_init__(self) -> None:
        require(
            0.5 <= self.confidence < 1.0,
            "gate.confidence must be 0.5 or more and below 1. "
            f"Received: {self.confidence}.",
        )
        margins = ("age_margin", "gender_margin", "group_margin", "coverage_margin")
        require_not_negative("gate", self, (*margins, "latency_ms", "size_mb"))
