"""How a study stands, counted from its trials."""

import math
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from analytic_training import experiment, train
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from agegender.config import Experiment
from agegender.search import run_study, teller
from agegender.search.enough import Enough
from agegender.search.standing import Standing, spoken, standing_of
from agegender.search.teller import Teller
from agegender.search.trial import EpochListener

NOW = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as Optuna keeps times


def trial(number: int, state: TrialState, minutes: float, value: float) -> FrozenTrial:
    """Return a trial that began so many minutes ago, or took so many."""
    is_running = state == TrialState.RUNNING
    return FrozenTrial(
        number=number,
        state=state,
        value=value if state == TrialState.COMPLETE else None,
        datetime_start=NOW - timedelta(minutes=minutes),
        datetime_complete=None if is_running else NOW,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=number,
    )


TRIALS = [
    trial(0, TrialState.COMPLETE, 12, 6.0),
    trial(1, TrialState.COMPLETE, 12, 5.0),
    trial(2, TrialState.PRUNED, 6, 0.0),
    trial(3, TrialState.FAIL, 1, 0.0),
    trial(4, TrialState.RUNNING, 4, 0.0),
    trial(5, TrialState.RUNNING, 25, 0.0),
]
"""Those that ended took ten minutes on average."""


def test_trials_are_counted_and_the_best_is_named() -> None:
    assert str(standing_of(TRIALS[:4], 4, 2, NOW.timestamp())) == (
        "best 5.00 years (trial 1), 1 given up early, 1 failed, about 10 min left"
    ), "one is to come, and two workers do not make it faster"
    as_good = [trial(9, TrialState.COMPLETE, 12, 5.0), *TRIALS]
    assert standing_of(as_good, 4, 2, NOW.timestamp()).best_number == 1


@pytest.mark.parametrize(
    ("trials", "wanted", "workers", "rest", "minutes"),
    [
        (TRIALS, 5, 2, math.inf, (6 + 0) / 2),
        (TRIALS, 9, 2, math.inf, (6 + 0 + 4 * 10) / 2),
        # What runs elsewhere helps, too.
        (TRIALS, 9, 1, math.inf, (6 + 0 + 4 * 10) / 2),
        (TRIALS, 9, 4, math.inf, (6 + 0 + 4 * 10) / 4),
        (TRIALS, 99, 2, 15 * 60.0, 15 + 10),
        (TRIALS, 3, 2, math.inf, 0),
        (TRIALS[4:], 5, 2, math.inf, math.nan),
        ([], 5, 2, math.inf, math.nan),
    ],
)
def test_time_left_is_shared_by_all_who_work(
    trials: list[FrozenTrial], wanted: int, workers: int, rest: float, minutes: float
) -> None:
    left = standing_of(trials, wanted, workers, NOW.timestamp(), rest).seconds_left
    assert left == pytest.approx(60 * minutes, nan_ok=True)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "1 min"),
        (3540, "59 min"),
        (3600, "1 h"),
        (5000, "1 h 20 min"),
        (200_000, "55 h 30 min"),
    ],
)
def test_time_is_told_no_finer_than_it_is_known(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


def test_nothing_is_told_of_a_study_without_trials() -> None:
    assert str(standing_of([], 5, 1, NOW.timestamp())) == ""
    assert standing_of([], 5, 1, NOW.timestamp()).done == 0


def test_progress_hears_of_each_trial_and_of_those_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "LOOKS_EVERY_S", 0.01)
    told: list[tuple[int, int, str]] = []
    seen = threading.Event()

    def hear(done: int, total: int, what: str) -> None:
        told.append((done, total, what))
        if "1 running" in what:
            seen.set()

    def train_when_seen(settings: Experiment, listener: EpochListener) -> None:
        assert seen.wait(30)
        train(settings, listener)

    result = run_study(
        experiment(),
        train_when_seen,
        storage=f"sqlite:///{tmp_path}/s.db",
        study_name="s",
        trials=3,
        progress=hear,
    )
    assert told[0] == (0, 3, "trials\n")
    done, total, what = told[-1]
    best = f"best {result.best_value:.2f} years (trial {result.best_number})"
    assert (done, total, what.splitlines()[1]) == (3, 3, best)
    for number, value in enumerate(result.trials["value"]):
        assert any(f"trial {number}: {value:.2f} years\n" in one[2] for one in told)
    assert not [one for one in threading.enumerate() if "look" in one.name]


def test_storage_that_does_not_answer_keeps_no_study_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teller, "LOOKS_EVERY_S", 0.01)
    asked, answer = threading.Event(), threading.Event()

    class Away:
        """Answers the first question alone."""

        def __init__(self) -> None:
            self.answers = [TRIALS]

        def get_trials(self, *, deepcopy: bool) -> list[FrozenTrial]:
            del deepcopy
            if not self.answers:
                asked.set()
                answer.wait(30)
                return TRIALS[:1]
            return self.answers.pop()

    told: list[tuple[int, int, str]] = []

    def hear(*what: Any) -> None:
        told.append(what)

    with Teller(cast(Study, Away()), Enough(9), 1, hear):
        assert asked.wait(30)
    assert len(told) == 1
    answer.set()


def test_standing_of_nothing_but_running_trials_has_no_best() -> None:
    assert str(Standing(0, 2, 0, 0, None, -1, math.nan)) == "2 running"
