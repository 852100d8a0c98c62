"""Which values to try next, and which trials to give up."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import (
    BaseSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from agegender.config import Experiment, SearchConfig

Begun = Callable[[int], object]


class SeededByTrial(BaseSampler):  # type: ignore[misc]
    """Seeds another sampler anew for each trial, by the trial's number.

    A sampler with one seed starts over in every process: a study that is resumed,
    or has several workers, would draw the same values again. Seeded by number,
    trials differ from each other however they are dealt out, and one worker draws
    the same values whether it was interrupted or not.

    Args:
        make: Seed -> sampler.
        seed: Of the study.
        in_turn: Whether trials must draw one after the other.
    """

    def __init__(
        self, make: Callable[[int], BaseSampler], seed: int, *, in_turn: bool = False
    ) -> None:
        self._make = make
        self._seed = seed
        self._in_turn = in_turn
        self._current = make(seed)
        self._begun: Begun | None = None

    def ask(self, study: Study, begun: Begun) -> Trial:
        """Begin a trial and draw its values.

        Args:
            study: Whose sampler this is.
            begun: Called with the trial's number once others may begin theirs.
        """
        self._begun = begun
        trial = study.ask()
        self._tell_begun(trial.number)
        return trial

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Make the sampler of this trial."""
        if not self._in_turn:
            self._tell_begun(trial.number)
        seeds = np.random.SeedSequence([self._seed, trial.number])
        self._current = self._make(int(seeds.generate_state(1)[0]))
        self._current.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Ask this trial's sampler."""
        return dict(self._current.infer_relative_search_space(study, trial))

    def sample_relative(
        self,
        study: Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """Ask this trial's sampler."""
        return dict(self._current.sample_relative(study, trial, search_space))

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Ask this trial's sampler."""
        return self._current.sample_independent(
            study, trial, param_name, param_distribution
        )

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell this trial's sampler."""
        self._current.after_trial(study, trial, state, values)

    def _tell_begun(self, number: int) -> None:
        begun, self._begun = self._begun, None
        if begun:
            begun(number)


def sampler(search: SearchConfig, seed: int) -> SeededByTrial:
    """Return what draws the values.

    Args:
        search: Names the sampler.
        seed: Seeds it, together with a trial's number.

    Reference: Bergstra et al., NeurIPS 2011 (TPE); Bergstra & Bengio, JMLR 2012
    (random and quasi-random); Deb et al., IEEE TEVC 2002 (NSGA-II).
    """
    makers: dict[str, Callable[[int], BaseSampler]] = {
        "tpe": partial(_tpe, grouped=any(one.when for one in search.space.values())),
        "random": lambda s: RandomSampler(seed=s),
        # One sequence for all trials, of which each takes the next point.
        "qmc": lambda s: _qmc(seed, independent_seed=s),
        "nsga2": lambda s: NSGAIISampler(seed=s),
    }
    # Of a sequence, each trial takes the point after the one taken last.
    in_turn = search.sampler == "qmc"
    return SeededByTrial(makers[search.sampler], seed, in_turn=in_turn)


def _qmc(seed: int, independent_seed: int) -> QMCSampler:
    """Return a sampler whose points fill the space evenly.

    Args:
        seed: Of the sequence.
        independent_seed: Of what the sequence does not cover: the first trial, and
            settings with choices or conditions.
    """
    with warnings.catch_warnings():
        # As for TPE: experimental by name, and nothing a user can do.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return QMCSampler(
            seed=seed,
            scramble=True,
            independent_sampler=RandomSampler(seed=independent_seed),
            warn_independent_sampling=False,
        )


def _tpe(seed: int, *, grouped: bool) -> TPESampler:
    """Return a TPE sampler that looks at settings together.

    Args:
        seed: Of this sampler.
        grouped: Whether some settings are drawn with others only: those that were
            drawn together are looked at together.
    """
    with warnings.catch_warnings():
        # Optuna calls both experimental; users can do nothing about it.
        warnings.simplefilter("ignore", ExperimentalWarning)
        # The constant liar keeps workers from trying what another one is trying.
        return TPESampler(
            seed=seed, multivariate=True, group=grouped, constant_liar=True
        )


def pruner(experiment: Experiment) -> BasePruner:
    """Return what gives up hopeless trials.

    Reference: Li et al., JMLR 2018 (Hyperband).
    """
    epochs = experiment.training.epochs
    makers: dict[str, Callable[[], BasePruner]] = {
        "hyperband": lambda: HyperbandPruner(max_resource=epochs),
        # Rates are still warming up in the first quarter: it tells little.
        "median": lambda: MedianPruner(n_warmup_steps=epochs // 4),
        "none": NopPruner,
    }
    search = experiment.search
    automatic = "median" if search.cost == "none" else "none"
    return makers[automatic if search.pruner == "auto" else search.pruner]()
