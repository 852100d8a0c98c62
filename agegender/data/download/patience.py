"""How long to wait for a server, and how often to try again."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class TryAgainError(Exception):
    """A try failed in a way that the next one may not.

    Args:
        reason: What happened, for people.
        asked_s: Seconds the server asked to wait; None if it did not.
    """

    def __init__(self, reason: str, asked_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.asked_s = asked_s


@dataclass(frozen=True)
class Patience:
    """The limits of waiting.

    Args:
        tries: In a row that bring nothing new, before giving up.
        first_pause_s: Seconds before the second try; doubled for each one after.
        longest_pause_s: Seconds that no pause exceeds, whatever a server asks.
        connect_s: Seconds until a connection stands.
        stall_s: Seconds without a byte.
    """

    tries: int = 6
    first_pause_s: float = 1.0
    longest_pause_s: float = 300.0
    connect_s: float = 15.0
    stall_s: float = 45.0

    def pause(self, failed: int, asked_s: float | None) -> float:
        """Return how many seconds to wait.

        Args:
            failed: Tries in a row that brought nothing new, from 1.
            asked_s: Seconds the server asked to wait.
        """
        grown: float = min(self.first_pause_s * 2 ** (failed - 1), self.longest_pause_s)
        # Half of it by chance, so that many who were cut off come back one by one.
        own = grown * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return min(max(own, asked_s or 0.0), self.longest_pause_s)


def asked_pause(header: str | None) -> float | None:
    """Read a Retry-After header.

    Args:
        header: Seconds or an HTTP date; None if there is none.

    Returns:
        Seconds from now, 0 or more; None if the header says nothing readable.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
