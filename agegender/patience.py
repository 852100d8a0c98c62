"""Asking again what does not answer for a while, instead of giving up."""

import logging
import random
import sqlite3
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from agegender.errors import first_line

PATIENCE_SECONDS: Final = 600.0
"""How long a database or a server may be away: a restart, not a removal."""

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0

REFUSALS: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY)
"""What SQLite says of a file without the tables, or that it may not write."""

T = TypeVar("T")

log = logging.getLogger(__name__)


def keep_trying(
    call: Callable[[], T],
    is_away: Callable[[Exception], bool],
    what: str,
) -> T:
    """Call until it answers, with ever longer pauses in between.

    Args:
        call: What to do; safe to do again after it failed half way.
        is_away: Tells by an error whether it is worth asking again.
        what: Whom we wait for, for the log.

    Returns:
        The answer; the last error is raised after `PATIENCE_SECONDS`.
    """
    until, pause = time.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS
    while True:
        try:
            return call()
        except Exception as error:
            if time.monotonic() >= until or not is_away(error):
                raise
            # A lock that was held for a moment is not worth a word.
            if 1.0 <= pause < 2.0:
                reason = first_line(error)
                log.warning("%s does not answer; trying again: %s", what, reason)
        # Those who wait for the same thing should not come back all at once.
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        pause = min(2.0 * pause, LONGEST_PAUSE_SECONDS)


def is_database_away(error: BaseException | None) -> bool:
    """Tell whether a database is stopped, starting, locked, or was lost just now.

    Args:
        error: Of SQLAlchemy's, or any other.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    # An extended code holds the plain one in its last byte.
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in REFUSALS
