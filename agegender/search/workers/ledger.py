"""What a study's trials are noted with, for the processes that run them.

These notes are Optuna's system attributes: they lie in every kind of storage, and
out of the way of what people read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from agegender.search.strategy import Begun, SeededByTrial
from agegender.search.trial import REASON
from agegender.search.workers.owner import Owner

OWNER: Final = "owner"
BEAT: Final = "beat"
DEATHS: Final = "retry_history"
"""Numbers of the trials that this one is begun anew for; Optuna's own name of it."""

RUNNING = (TrialState.RUNNING,)


@dataclass(frozen=True)
class Ledger:
    """A study and what it is kept in."""

    study: Study
    storage: BaseStorage

    def trials(self) -> list[FrozenTrial]:
        """Return all trials as they stand, in one question to the storage."""
        return list(self.study.get_trials(deepcopy=False))

    def trial(self, number: int) -> FrozenTrial:
        """Return one trial as it stands."""
        return self.storage.get_trial(self._id(number))

    def running(self) -> list[FrozenTrial]:
        """Return the trials that somebody runs, or ran when he died."""
        return list(self.study.get_trials(deepcopy=False, states=RUNNING))

    def running_numbers(self) -> set[int]:
        """Return their numbers."""
        return {trial.number for trial in self.running()}

    def begin(self, begun: Begun) -> Trial:
        """Begin a trial and draw its values.

        Args:
            begun: Called with its number once others may begin theirs.
        """
        sampler = self.study.sampler
        assert isinstance(sampler, SeededByTrial)
        return sampler.ask(self.study, begun)

    def note(self, number: int, name: str, value: Any) -> None:
        """Note something with a running trial."""
        self.storage.set_trial_system_attr(self._id(number), name, value)

    def give_up(self, number: int, reason: str) -> bool:
        """End a running trial as failed.

        Returns:
            Whether it was us; another process may have ended it meanwhile.
        """
        trial_id = self._id(number)
        try:
            self.storage.set_trial_user_attr(trial_id, REASON, reason)
            return bool(self.storage.set_trial_state_values(trial_id, TrialState.FAIL))
        except UpdateFinishedTrialError:
            return False

    def begin_anew(self, trial: FrozenTrial, deaths: Sequence[int]) -> None:
        """Queue up a trial with the same values, to be run before any new one.

        Args:
            trial: That ended too early.
            deaths: Numbers of the trials, this one's forerunners, whose process died.
        """
        again = optuna.trial.create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={DEATHS: list(deaths)},
        )
        self.study.add_trial(again)

    def _id(self, number: int) -> int:
        return int(
            self.storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
        )

    @cached_property
    def _study_id(self) -> int:
        return int(self.storage.get_study_id_from_name(self.study.study_name))


def owner_of(trial: FrozenTrial) -> Owner | None:
    """Return who runs a trial, if he noted it."""
    return Owner.read(trial.system_attrs.get(OWNER))


def deaths_of(trial: FrozenTrial) -> list[int]:
    """Return the numbers of the forerunners of a trial whose process died."""
    return list(trial.system_attrs.get(DEATHS, []))
