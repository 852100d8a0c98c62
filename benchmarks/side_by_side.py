"""Times ways of doing the same work in turn, so that a busy machine is fair to all."""

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 5


def compare(title: str, items: int, ways: Mapping[str, Callable[[], object]]) -> str:
    """Run each way in turn, several rounds, and return a table.

    Args:
        title: What is done.
        items: How many of it a call does.
        ways: Name -> the work; the first is what the others are compared with.

    Returns:
        Processor seconds of this process a call (median of the rounds), items a
        second of that, and the ratio to the first way, taken round by round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for work in ways.values():
        work()  # Caches and lazy imports are nobody's fault.
    for _ in range(ROUNDS):
        for name, work in ways.items():
            start = time.process_time()
            work()
            seconds[name].append(max(time.process_time() - start, 1e-9))
    first = seconds[next(iter(ways))]
    lines = [title, f"  {'way':<34}{'CPU s':>9}{'a second':>12}{'ratio':>8}"]
    for name, taken in seconds.items():
        median = statistics.median(taken)
        ratio = statistics.median(a / b for a, b in zip(first, taken, strict=True))
        lines.append(
            f"  {name:<34}{median:>9.3f}{items / median:>12,.0f}{ratio:>7.2f}x"
        )
    return "\n".join(lines)
