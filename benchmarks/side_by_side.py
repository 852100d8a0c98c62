"""Times ways of doing the same work in turn, so that a busy machine is fair to all."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

ROUNDS = 5


def compare(title: str, items: int, ways: Mapping[str, Callable[[], object]]) -> str:
    """Run each way in turn, several rounds, and return a table.

    Args:
        title: What is done.
        items: How many of it a call does.
        ways: Name -> the work; the first is what the others are compared with.

    Returns:
        Processor seconds of this process a call (median of the rounds), items a
        second of that, and the ratio to the first way, taken round by round; then
        seconds by the clock and their ratio, which tell what threads bring.
    """
    return table(title, items, timed(ways))


class Timing(NamedTuple):
    """Name of a way -> its seconds in each round."""

    processor: dict[str, list[float]]  # of this process, all threads
    wall: dict[str, list[float]]


def timed(ways: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> Timing:
    """Run each way in turn, several rounds, after once unmeasured."""
    processor: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for work in ways.values():
        work()  # Caches and lazy imports are nobody's fault.
    for _ in range(rounds):
        for name, work in ways.items():
            began, start = time.perf_counter(), time.process_time()
            work()
            processor[name].append(max(time.process_time() - start, 1e-9))
            wall[name].append(max(time.perf_counter() - began, 1e-9))
    return Timing(processor, wall)


def table(title: str, items: int, timing: Timing) -> str:
    """Return what `compare` returns, of what was timed."""
    processor, wall = timing
    heads = f"{'CPU s':>9}{'a second':>12}{'ratio':>8}{'wall s':>10}{'ratio':>8}"
    lines = [title, f"  {'way':<34}{heads}"]
    for name, taken in processor.items():
        median, waited = statistics.median(taken), statistics.median(wall[name])
        less_work, less_time = _ratio(processor, name), _ratio(wall, name)
        lines.append(
            f"  {name:<34}{median:>9.3f}{items / median:>12,.0f}{less_work:>7.2f}x"
            f"{waited:>10.3f}{less_time:>7.2f}x"
        )
    return "\n".join(lines)


def _ratio(seconds: Mapping[str, list[float]], name: str) -> float:
    """Return the first way's seconds over this way's, round by round, median."""
    first = next(iter(seconds.values()))
    pairs = zip(first, seconds[name], strict=True)
    return statistics.median(a / b for a, b in pairs)
