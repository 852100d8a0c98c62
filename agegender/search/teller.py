"""Tells how a study stands while its trials run.

Trials run in this thread, in other processes, on other machines. What they share
is the study itself, so a thread of its own looks there now and then.
"""

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from optuna.study import Study
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from agegender.progress import Progress
from agegender.search.enough import Enough
from agegender.search.standing import standing_of

LOOKS_EVERY_S = 2.0


class Teller:
    """Calls a progress function as trials begin, end and take their time.

    Args:
        study: To look at.
        enough: How many trials are wanted.
        workers: That run trials here.
        progress: Called as (done, trials, which trial ended last and how it stands).
    """

    def __init__(
        self,
        study: Study,
        enough: Enough,
        workers: int,
        progress: Progress,
    ) -> None:
        self._study, self._enough = study, enough
        self._workers, self._progress = workers, progress
        self._begun = time.monotonic()
        self._name, self._told = "trials", ""
        self._one_at_a_time = threading.Lock()
        self._over = threading.Event()
        self._looks = threading.Thread(target=self._look_now_and_then, daemon=True)

    def __enter__(self) -> Self:
        """Tell how it stands, and go on telling."""
        self._tell(self._trials())
        self._looks.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell no more."""
        with self._one_at_a_time:
            self._over.set()
        # It may be waiting for a storage that is away, and for minutes to come.
        self._looks.join(LOOKS_EVERY_S)

    def ended(self, name: str, trials: list[FrozenTrial]) -> None:
        """Tell that a trial ended, and how.

        Args:
            name: The trial, and how it ended.
            trials: All of the study.
        """
        self._name = name
        self._tell(trials)

    def _look_now_and_then(self) -> None:
        while not self._over.wait(LOOKS_EVERY_S):
            # A database that is away for a moment is the trials' concern.
            with suppress(SQLAlchemyError):
                self._tell(self._trials())

    def _trials(self) -> list[FrozenTrial]:
        return list(self._study.get_trials(deepcopy=False))

    def _tell(self, trials: list[FrozenTrial]) -> None:
        rest = 60.0 * self._enough.minutes - (time.monotonic() - self._begun)
        with self._one_at_a_time:
            wanted = self._enough.trials
            now = standing_of(trials, wanted, self._workers, time.time(), rest)
            told = f"{self._name}\n{now}"
            if told != self._told and not self._over.is_set():
                self._told = told
                self._progress(min(now.done, wanted), wanted, told)
