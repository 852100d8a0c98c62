"""What processes do in their turn, where each of them can import it."""

import time
from pathlib import Path

from agegender.search.turns import turn

ROUNDS = 25


def count_up(url: str, counter: Path) -> None:
    """Read and write a number, which loses counts unless nobody else does."""
    for _ in range(ROUNDS):
        with turn(url, "study"):
            number = int(counter.read_text())
            time.sleep(0.001)
            counter.write_text(str(number + 1))


def hold(url: str, held: Path) -> None:
    with turn(url, "study"):
        held.touch()
        time.sleep(60)
