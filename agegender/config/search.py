"""What a study varies."""

import math
from dataclasses import dataclass, field
from typing import Literal

from agegender.config.checks import require

Value = int | float | str | bool
"""What a setting may be."""


@dataclass(frozen=True)
class ParameterSpace:
    """The values one searched setting may take: a range or a list of choices.

    Args:
        low: Smallest value of a range.
        high: Largest value of a range.
        step: Distance between values of a range; whole where the setting is.
        log: Draw on a log scale.
        choices: The values, instead of a range.
        when: Dotted name of another searched setting -> the value, or values, of
            it with which this one is drawn; otherwise it stays as the experiment
            has it.
    """

    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    choices: list[Value] | None = None
    when: dict[str, Value | list[Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        is_range = self.low is not None and self.high is not None
        require(
            is_range != bool(self.choices),
            "a searched setting needs either low and high, or choices. "
            f"Received: low={self.low}, high={self.high}, choices={self.choices}.",
        )
        if self.low is not None and self.high is not None:
            require(
                -math.inf < self.low <= self.high < math.inf
                and (not self.log or self.low > 0),
                "a range needs low <= high, and low > 0 where log is set. "
                f"Received: low={self.low}, high={self.high}, log={self.log}.",
            )


def _default_space() -> dict[str, ParameterSpace]:
    return {
        "model.depth": ParameterSpace(choices=[10, 16, 22, 28]),
        "model.widen_factor": ParameterSpace(low=1, high=8, step=1),
        "optimizer.learning_rate": ParameterSpace(low=1e-3, high=0.5, log=True),
    }


@dataclass(frozen=True)
class SearchConfig:
    """A study over settings of the experiment; the test split is never read.

    Args:
        trials: Finished or pruned trials wanted in all.
        sampler: `tpe`, `random`, `qmc` or `nsga2`.
        pruner: `hyperband`, `median` or `none`; `auto` is `median`, and `none` where
            a cost is weighed.
        cost: What is to be low beside the error: `parameters`, `flops` (of one face)
            or `latency` (ms, of one face on one core); `none` looks at the error
            alone.
        keep: Best trials whose networks are kept; where a cost is weighed, those of
            the front are, however many.
        space: Dotted name of a setting -> the values it may take.
    """

    trials: int = 20
    sampler: Literal["tpe", "random", "qmc", "nsga2"] = "tpe"
    pruner: Literal["auto", "hyperband", "median", "none"] = "auto"
    cost: Literal["none", "parameters", "flops", "latency"] = "none"
    keep: int = 3
    space: dict[str, ParameterSpace] = field(default_factory=_default_space)

    def __post_init__(self) -> None:
        require(
            self.trials >= 1,
            f"search.trials must be at least 1. Received: {self.trials}.",
        )
        require(
            self.keep >= 1,
            f"search.keep must be at least 1. Received: {self.keep}.",
        )
        require(
            self.cost == "none" or self.pruner in {"auto", "none"},
            "search.pruner must be none where search.cost is set: a trial that is "
            "worse so far may be cheaper. "
            f"Received: {self.pruner}.",
        )
        require(bool(self.space), "search.space names no setting. Name at least one.")
