"""How a study stands: what a person wants to know while its trials run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

from agegender.search.front import best_of, error_of

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Standing:
    """What is done of a study, and what is not.

    Args:
        done: Completed and pruned trials.
        running: Trials under way, here and on other machines.
        pruned: Trials given up early.
        failed: Trials that broke, or whose process died.
        best: Lowest validation MAE of a completed trial, years; None without one.
        best_number: That trial's.
        seconds_left: Until all are done; NaN where nothing tells yet.
    """

    done: int
    running: int
    pruned: int
    failed: int
    best: float | None
    best_number: int
    seconds_left: float

    def __str__(self) -> str:
        """Tell what there is to tell; empty at the very beginning."""
        told = [] if self.best is None else [f"best {self.best:.2f} years"]
        told = [f"{one} (trial {self.best_number})" for one in told]
        counts = {
            "running": self.running,
            "given up early": self.pruned,
            "failed": self.failed,
        }
        told += [f"{count} {name}" for name, count in counts.items() if count]
        if self.seconds_left > 0.0:
            told.append(f"about {spoken(self.seconds_left)} left")
        return ", ".join(told)


def standing_of(
    trials: Sequence[FrozenTrial],
    wanted: int,
    workers: int,
    now: float,
    rest: float = math.inf,
) -> Standing:
    """Count a study's trials and guess when it will have enough.

    A trial yet to come is expected to take as long as those that ended did on
    average, given up early or not.

    Args:
        trials: All of the study.
        wanted: Completed and pruned trials in all.
        workers: That run trials here; more may be running elsewhere.
        now: The time, by `time.time()`.
        rest: Seconds after which no further trial begins.
    """
    by_state = {
        state: [trial for trial in trials if trial.state == state]
        for state in TrialState
    }
    complete, pruned = by_state[TrialState.COMPLETE], by_state[TrialState.PRUNED]
    running = by_state[TrialState.RUNNING]
    begun = [one.datetime_start for one in running]
    ages = [now - start.timestamp() for start in begun if start is not None]
    best = best_of(complete) if complete else None
    return Standing(
        len(complete) + len(pruned),
        len(running),
        len(pruned),
        len(by_state[TrialState.FAIL]),
        None if best is None else error_of(best),
        -1 if best is None else best.number,
        _seconds_left([*complete, *pruned], ages, wanted, workers, rest),
    )


def spoken(seconds: float) -> str:
    """Return a time as one would say it, no finer than it is known."""
    minutes = round(seconds / MINUTE)
    if seconds < HOUR:
        return f"{max(1, minutes)} min"
    hours, minutes = divmod(round(minutes, -1), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _seconds_left(
    ended: Sequence[FrozenTrial],
    ages: Sequence[float],
    wanted: int,
    workers: int,
    rest: float,
) -> float:
    if not (to_come := wanted - len(ended)) > 0:
        return 0.0
    took = [one.duration.total_seconds() for one in ended if one.duration is not None]
    if not took:
        return math.nan
    each: float = sum(took) / len(took)
    under_way = sum(max(0.0, each - age) for age in ages)
    not_begun = each * max(0, to_come - len(ages))
    at_once = min(to_come, max(workers, len(ages)))
    return min((under_way + not_begun) / at_once, rest + each)
