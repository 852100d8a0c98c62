"""When trial after trial breaks, and when one blow only looked like it."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import optuna
import pytest
from analytic_training import experiment
from optuna.trial import FrozenTrial, TrialState

from agegender.search import Heartbeat, SearchError
from agegender.search.enough import Enough
from agegender.search.storage import open_storage, open_study
from agegender.search.workers.attempt import Ended
from agegender.search.workers.handing_out import HandingOut
from agegender.search.workers.ledger import Ledger
from agegender.search.workers.patrol import Patrol
from agegender.search.workers.processes import WorkerDiedError


class Deadly(Executor):
    """Workers of which the first so many die; the others do as they are told."""

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Have a worker run, or die."""
        future: Future[Any] = Future()
        if self.deaths > 0:
            self.deaths -= 1
            future.set_exception(WorkerDiedError(0, "was killed"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def hand_out(storage: str, deaths: int, workers: int) -> list[str]:
    """Hand out trials until two are complete; return what was told."""
    opened = open_storage(storage)
    study = open_study(opened, "s", experiment(), "")
    ledger = Ledger(study, opened)
    told: list[str] = []

    def attempt() -> Ended:
        trial = optuna.trial.create_trial(state=TrialState.COMPLETE, value=5.0)
        study.add_trial(trial)
        return Ended(False, "one more")

    patrol = Patrol(ledger, Heartbeat(), "ours")

    def ended(text: str, trials: list[FrozenTrial]) -> None:
        del trials
        told.append(text)

    enough = Enough(2)
    HandingOut(Deadly(deaths), attempt, workers, ledger, enough, patrol, ended).run()
    return told


def test_one_blow_to_all_workers_is_not_taken_for_trial_after_trial(
    storage: str,
) -> None:
    told = hand_out(storage, deaths=8, workers=8)
    assert told.count("a worker was killed while it ran no trial") == 8
    assert told.count("one more") == 2


@pytest.mark.parametrize(("workers", "most"), [(1, 5), (8, 12)])
def test_trial_after_trial_that_breaks_ends_the_command(
    storage: str, workers: int, most: int
) -> None:
    with pytest.raises(SearchError, match=f"last {most} trials broke.*was killed"):
        hand_out(storage, deaths=100, workers=workers)
