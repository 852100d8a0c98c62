"""Signs of life of a trial, for those who cannot see its process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from optuna.exceptions import UpdateFinishedTrialError
from sqlalchemy.exc import SQLAlchemyError

from agegender.search.workers.ledger import BEAT, Ledger


@dataclass(frozen=True)
class Heartbeat:
    """How a trial whose process died is told from one that takes long.

    Where the process can be seen, on the same machine, this is not needed.

    Args:
        interval: Seconds between signs of life.
        grace: Seconds of silence after which a trial counts as dead.
    """

    interval: float = 30.0
    grace: float = 120.0


@contextmanager
def beating(ledger: Ledger, number: int, heartbeat: Heartbeat) -> Iterator[None]:
    """Give signs of life while a trial runs.

    Args:
        ledger: To note them in.
        number: Of the trial.
        heartbeat: How often.
    """
    over = threading.Event()

    def beat() -> None:
        count = 0
        # Once it is ended, by whomever, nobody listens any more; a storage that is
        # away for longer than all patience is the trial's concern.
        with suppress(UpdateFinishedTrialError, SQLAlchemyError):
            while not over.wait(heartbeat.interval):
                count += 1
                ledger.note(number, BEAT, count)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
