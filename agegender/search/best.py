"""Which trial is best, told whenever it is another one."""

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from agegender.search.front import best_of
from agegender.search.trial import TrialTracker


class BestSoFar:
    """Tells a tracker which trial is the best.

    Args:
        tracker: What opened their records.
    """

    def __init__(self, tracker: TrialTracker) -> None:
        self._tracker = tracker
        self._number = -1

    def look(self, trials: Sequence[FrozenTrial]) -> None:
        """Tell, if it is another than at the last look.

        Args:
            trials: All of the study.
        """
        complete = [one for one in trials if one.state == TrialState.COMPLETE]
        if not complete:
            return
        best = best_of(complete)
        if best.number != self._number:
            self._number = best.number
            self._tracker.best(best.user_attrs)
