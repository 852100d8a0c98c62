"""When a study has had trials enough."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from optuna.trial import FrozenTrial, TrialState

from agegender.errors import ConfigError
from agegender.search.front import error_of
from agegender.search.result import FINISHED

LOOKS_EVERY_SECONDS: Final = 1.0
"""Between two looks at a study, at what others do to it too."""


@dataclass(frozen=True)
class Enough:
    """As many trials, as late, or as good as was asked for, whichever comes first.

    Args:
        trials: Completed and pruned trials wanted in all.
        minutes: How long after the first further ones may begin.
        target: Value at which no further one need begin, years.
    """

    trials: int
    minutes: float = math.inf
    target: float = -math.inf

    def missing(self, trials: Sequence[FrozenTrial], begun: float) -> int:
        """Return how many trials are still to be finished, 0 where it is enough.

        Args:
            trials: All of the study.
            begun: When the first one could, by `time.monotonic()`.
        """
        is_late = time.monotonic() - begun >= 60.0 * self.minutes
        if is_late or self._is_reached(trials):
            return 0
        finished = sum(one.state in FINISHED for one in trials)
        return max(0, self.trials - finished)

    def next_look(self, begun: float) -> float:
        """Return when to count again, by `time.monotonic()`.

        Args:
            begun: When the first trial could.
        """
        now = time.monotonic()
        if self.target > -math.inf:
            return now  # Any trial may be the last.
        return min(now + LOOKS_EVERY_SECONDS, begun + 60.0 * self.minutes)

    def _is_reached(self, trials: Sequence[FrozenTrial]) -> bool:
        return any(
            one.state == TrialState.COMPLETE and error_of(one) <= self.target
            for one in trials
        )


def enough_of(trials: int, time_limit: float | None, target: float | None) -> Enough:
    """Say when a study has had enough.

    Args:
        trials: Wanted in all, at least 1.
        time_limit: Minutes, above 0; None for no limit.
        target: Years, above 0; None for none.

    Raises:
        ConfigError: If a limit is none.
    """
    for name, value in (("time limit", time_limit), ("target", target)):
        if value is not None and not value > 0.0:
            raise ConfigError(f"{name} must be above 0. Received: {value}.")
    minutes = math.inf if time_limit is None else time_limit
    return Enough(trials, minutes, -math.inf if target is None else target)
