"""How long work tells how far it is, without knowing who listens."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what): pieces finished, pieces in all, their name."""


def silent(done: int, total: int, what: str) -> None:
    """Tell nobody."""
