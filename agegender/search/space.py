"""From the settings to search to the values that Optuna may draw."""

import math
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

from agegender.config import Experiment, ParameterSpace, setting_type, with_values
from agegender.errors import ConfigError

Space = dict[str, BaseDistribution]


def distributions(experiment: Experiment) -> Space:
    """Return what each searched setting is drawn from.

    Whole-number settings are drawn as whole numbers. Every choice and both ends of
    every range are tried on the experiment, so that a wrong space fails here and
    not hours later.

    Args:
        experiment: Whose `search.space` it is.

    Returns:
        Dotted name -> distribution.

    Raises:
        ConfigError: If a setting does not exist or cannot take such values.
    """
    drawn: Space = {}
    for name, space in experiment.search.space.items():
        drawn[name] = _distribution(name, space)
        for value in _extremes(drawn[name]):
            with_values(experiment, {name: value})
    return drawn


def suggest(trial: Trial, space: Space) -> dict[str, Any]:
    """Draw a value of each setting for a trial."""
    return {name: _suggest(trial, name, drawn) for name, drawn in space.items()}


def _distribution(name: str, space: ParameterSpace) -> BaseDistribution:
    if space.choices:
        return CategoricalDistribution(space.choices)
    kind = setting_type(name)
    if space.low is None or space.high is None or kind not in {int, float}:
        raise ConfigError(f"{name} is no number. List its choices instead of a range.")
    if space.log and space.step is not None:
        raise ConfigError(
            f"{name} cannot have both log and a step. Received: step={space.step}."
        )
    if space.step is not None and space.step <= 0:
        raise ConfigError(f"{name} needs a step above 0. Received: {space.step}.")
    high = _last_step(space.low, space.high, space.step)
    if kind is float:
        return FloatDistribution(space.low, high, log=space.log, step=space.step)
    if space.low != int(space.low) or high != int(high):
        raise ConfigError(
            f"{name} needs whole numbers. Received: {space.low} to {space.high}."
        )
    step = space.step or 1
    return IntDistribution(int(space.low), int(high), log=space.log, step=step)


def _last_step(low: float, high: float, step: int | None) -> float:
    return high if step is None else low + step * math.floor((high - low) / step)


def _extremes(drawn: BaseDistribution) -> tuple[Any, ...]:
    if isinstance(drawn, CategoricalDistribution):
        return tuple(drawn.choices)
    assert isinstance(drawn, IntDistribution | FloatDistribution)
    return drawn.low, drawn.high


def _suggest(trial: Trial, name: str, drawn: BaseDistribution) -> Any:
    if isinstance(drawn, CategoricalDistribution):
        return trial.suggest_categorical(name, drawn.choices)
    if isinstance(drawn, IntDistribution):
        return trial.suggest_int(
            name, drawn.low, drawn.high, step=drawn.step, log=drawn.log
        )
    assert isinstance(drawn, FloatDistribution)
    return trial.suggest_float(
        name, drawn.low, drawn.high, step=drawn.step, log=drawn.log
    )
