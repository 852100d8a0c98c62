"""Finds the trials whose process died, ends them, and has them begun anew."""

import time
from collections.abc import Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from agegender.search.workers.ledger import BEAT, Ledger, deaths_of, owner_of
from agegender.search.workers.pulse import Heartbeat

MOST_RETRIES = 2
"""Times that a trial whose process died is begun anew."""


class Patrol:
    """Looks after the running trials of a study, whoever runs them.

    Args:
        ledger: Of the study.
        heartbeat: When one that cannot be seen counts as dead.
        command: Which call of `run_study` we work for.
    """

    def __init__(self, ledger: Ledger, heartbeat: Heartbeat, command: str) -> None:
        self._ledger, self._heartbeat = ledger, heartbeat
        self._command = command
        self._looked = time.monotonic()
        self._heard: dict[int, tuple[Any, float]] = {}

    def look(self, trials: Sequence[FrozenTrial]) -> list[str]:
        """End the trials of other calls whose process is dead.

        Args:
            trials: All of the study.

        Returns:
            What happened to each, in a line.
        """
        passed = self._passed()
        dead = [trial for trial in self._others(trials) if self._is_dead(trial, passed)]
        return [told for trial in dead if (told := self._end(trial, "died"))]

    def bury(self, how: str = "died", pid: int | None = None) -> str:
        """End the trials of this call whose process is known to be dead.

        Args:
            how: It died.
            pid: Its number; None where none of ours is left.

        Returns:
            What happened to the last of them, in a line; empty if there was none.
        """
        told = ""
        for trial in filter(self._is_ours, self._ledger.running()):
            owner = owner_of(trial)
            if pid is None or (owner is not None and owner.pid == pid):
                told = self._end(trial, how) or told
        return told

    def others(self, trials: Sequence[FrozenTrial]) -> int:
        """Return how many of a study's trials other calls are running."""
        return len(self._others(trials))

    def _others(self, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
        return [
            trial
            for trial in trials
            if trial.state == TrialState.RUNNING and not self._is_ours(trial)
        ]

    def _is_ours(self, trial: FrozenTrial) -> bool:
        owner = owner_of(trial)
        return owner is not None and owner.command == self._command

    def _passed(self) -> float:
        """Return the seconds since the last look, as far as we could have heard.

        While the storage is away nobody can give a sign of life.
        """
        now = time.monotonic()
        passed, self._looked = now - self._looked, now
        return min(passed, self._heartbeat.interval)

    def _is_dead(self, trial: FrozenTrial, passed: float) -> bool:
        owner = owner_of(trial)
        is_gone = None if owner is None else owner.is_gone()
        if is_gone is not None:
            return is_gone
        beat = trial.system_attrs.get(BEAT)
        last, silence = self._heard.get(trial.number, (beat, 0.0))
        silence = silence + passed if beat == last else 0.0
        self._heard[trial.number] = (beat, silence)
        return silence > self._heartbeat.grace

    def _end(self, trial: FrozenTrial, how: str) -> str:
        deaths = [*deaths_of(trial), trial.number]
        is_last = len(deaths) > MOST_RETRIES
        further = f"as did {MOST_RETRIES} before it" if is_last else "begun anew"
        reason = f"its process {how}; {further}"
        if not self._ledger.give_up(trial.number, reason):
            return ""
        if not is_last:
            self._ledger.begin_anew(trial, deaths)
        return f"trial {trial.number}: {reason}"
