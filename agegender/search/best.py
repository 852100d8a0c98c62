"""Which trial is best, told whenever it is another one."""

from optuna.study import Study
from optuna.trial import TrialState

from agegender.search.front import best_of
from agegender.search.trial import TrialTracker


class BestSoFar:
    """Tells a tracker which trial is the best.

    Args:
        study: Of the trials.
        tracker: What opened their records.
    """

    def __init__(self, study: Study, tracker: TrialTracker) -> None:
        self._study, self._tracker = study, tracker
        self._number = -1

    def look(self) -> None:
        """Tell, if it is another than at the last look."""
        states = (TrialState.COMPLETE,)
        complete = self._study.get_trials(deepcopy=False, states=states)
        if not complete:
            return
        best = best_of(complete)
        if best.number != self._number:
            self._number = best.number
            self._tracker.best(best.user_attrs)
