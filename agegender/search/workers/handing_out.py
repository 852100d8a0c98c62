"""Hands out trials until enough are finished, by whomever."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from optuna.trial import FrozenTrial

from agegender.search.enough import LOOKS_EVERY_SECONDS, Enough
from agegender.search.result import SearchError
from agegender.search.workers.attempt import Ended
from agegender.search.workers.ledger import Ledger
from agegender.search.workers.patrol import Patrol
from agegender.search.workers.processes import WorkerDiedError

MOST_FAILURES = 5
"""Failed trials in a row after which something is wrong with more than a trial; one
more for each further worker, since one blow can end the trials of all of them."""

Attempt = Callable[[], Ended | None]


class HandingOut:
    """Keeps workers busy as long as trials are wanted.

    Other calls, on this machine or others, may run trials of the same study. Theirs
    count as soon as they are begun; should they die, they are wanted again.

    Args:
        executor: Runs attempts.
        attempt: Runs one trial, or returns None where all wanted are under way.
        workers: Attempts at a time.
        ledger: Of the study.
        enough: How many are wanted.
        patrol: Finds the trials that died.
        ended: Called with what became of a trial, in a line, and all trials as they
            then stand.
    """

    def __init__(
        self,
        executor: Executor,
        attempt: Attempt,
        workers: int,
        ledger: Ledger,
        enough: Enough,
        patrol: Patrol,
        ended: Callable[[str, list[FrozenTrial]], None],
    ) -> None:
        self._executor, self._attempt = executor, attempt
        self._workers, self._ledger = workers, ledger
        self._enough, self._patrol, self._ended = enough, patrol, ended
        self._pending: set[Future[Ended | None]] = set()
        self._failures = 0
        self._most_failures = MOST_FAILURES + workers - 1

    def run(self) -> None:
        """Return when enough trials are finished.

        Raises:
            SearchError: If trial after trial breaks.
        """
        begun = time.monotonic()
        told: list[str] = []
        while True:
            trials = self._ledger.trials()
            for text in [*told, *self._patrol.look(trials)]:
                self._ended(text, trials)
            missing = self._enough.missing(trials, begun)
            if not missing and not self._pending:
                return
            # Those found dead still count here; the next look knows better.
            wanted = missing - self._patrol.others(trials)
            told = self._until_next_look(wanted, self._enough.next_look(begun))

    def _until_next_look(self, wanted: int, due: float) -> list[str]:
        """Keep workers busy without asking the storage, as long as that is known.

        To read a study takes as long as to write a trial, which matters where
        trials are short.

        Args:
            wanted: Trials that may be under way or finished here until then.
            due: When to look again at the latest, by `time.monotonic()`.

        Returns:
            What became of the trials that ended, in a line each.
        """
        told: list[str] = []
        while True:
            for _ in range(min(self._workers, wanted) - len(self._pending)):
                self._pending.add(self._executor.submit(self._attempt))
            finished = self._finished()
            back = map(self._take_back, finished)
            told += [ended.text for ended in back if ended]
            wanted -= len(finished)
            if wanted <= len(self._pending) or time.monotonic() >= due:
                return told

    def _finished(self) -> set[Future[Ended | None]]:
        if not self._pending:
            time.sleep(LOOKS_EVERY_SECONDS)  # Others run the rest.
        done, self._pending = wait(
            self._pending, LOOKS_EVERY_SECONDS, return_when=FIRST_COMPLETED
        )
        return done

    def _take_back(self, future: Future[Ended | None]) -> Ended | None:
        try:
            ended = future.result()
        except WorkerDiedError as death:
            told = self._patrol.bury(death.how, death.pid)
            ended = Ended(True, told or f"a worker {death.how} while it ran no trial")
        if ended is None:
            time.sleep(LOOKS_EVERY_SECONDS)  # Others were quicker.
            return None
        self._failures = self._failures + 1 if ended.failed else 0
        if self._failures >= self._most_failures:
            raise SearchError(
                f"the last {self._failures} trials broke, at last by: {ended.text}. "
                "Mend that, then run the same command to go on."
            )
        return ended
