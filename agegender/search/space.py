"""From the settings to search to the values that Optuna may draw."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
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
from agegender.search.conditions import (
    Conditions,
    conditions_of,
    examples,
    fit_together,
    hold,
    in_order,
    refuse_never,
)

NOT_SEARCHED = ("name", "search")
"""Settings, or sections, that make no training another one."""

MOST_TRIED = 1000
"""Whole numbers of a range up to which each is tried, which takes 40 ms."""

Fits = Callable[[Experiment], object]
"""Raises ConfigError where the faces at hand are not for an experiment."""

_TryOn = Callable[[dict[str, Any]], object]
"""Raises ConfigError where the experiment cannot take these values."""


@dataclass(frozen=True)
class Space:
    """What a trial draws.

    Args:
        drawn: Dotted name -> distribution, each after those it depends on.
        when: Dotted name -> when it is drawn; empty: always.
    """

    drawn: dict[str, BaseDistribution]
    when: dict[str, Conditions]

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Draw a value of each setting whose conditions hold."""
        values: dict[str, Any] = {}
        for name, drawn in self.drawn.items():
            if hold(self.when[name], values):
                values[name] = _suggest(trial, name, drawn)
        return values


def space_of(experiment: Experiment) -> Space:
    """Return what each searched setting is drawn from.

    Whole-number settings are drawn as whole numbers.

    Args:
        experiment: Whose `search.space` it is.

    Raises:
        ConfigError: If a setting does not exist, cannot be drawn like that, or
            depends on what it cannot depend on.
    """
    spaces = experiment.search.space
    when = {name: conditions_of(space) for name, space in spaces.items()}
    order = in_order(when)
    drawn = {name: _distribution(name, spaces[name]) for name in order}
    refuse_never(when, drawn)
    return Space(drawn, when)


def fits_any(experiment: Experiment) -> None:
    """Take any experiment: the faces are not known."""
    del experiment


def check_space(experiment: Experiment, fits: Fits = fits_any) -> Space:
    """Try a space on the experiment, so that it fails now and not hours later.

    Every choice, every whole number of a range and both ends of other ranges are
    tried; of two settings together, the choices and the ends.

    Args:
        experiment: Settings, and what to search among them.
        fits: Called with each experiment that is tried.

    Returns:
        What a trial draws.

    Raises:
        ConfigError: If a setting does not exist or cannot take such values, or two
            settings cannot take theirs together.
    """

    def try_on(values: dict[str, Any]) -> None:
        fits(with_values(experiment, values))

    space = space_of(experiment)
    tried = {name: _extremes(drawn) for name, drawn in space.drawn.items()}
    always = {name: tried[name][0] for name in tried if not space.when[name]}
    for name, drawn in space.drawn.items():
        given = always | examples(space.when, [name])
        for value in tried[name]:
            try_on(given | {name: value})
        for value in _between(drawn):
            _require_drawable(try_on, given | {name: value})
    for one, other in combinations(tried, 2):
        for value in tried[one]:
            for further in tried[other]:
                given = examples(space.when, [one, other])
                pair = {one: value, other: further}
                if fit_together(space.when, given | pair):
                    _require_allowed(try_on, always | given | pair, pair)
    return space


def _require_drawable(try_on: _TryOn, values: dict[str, Any]) -> None:
    try:
        try_on(values)
    except ConfigError as error:
        raise ConfigError(
            f"{error} Any whole number of a range may be drawn: give it a step, or "
            "list choices."
        ) from error


def _require_allowed(
    try_on: _TryOn, values: dict[str, Any], pair: dict[str, Any]
) -> None:
    try:
        try_on(values)
    except ConfigError as error:
        both = " and ".join(f"{name}={value!r}" for name, value in pair.items())
        raise ConfigError(
            f"{both} do not go together: {error} Let one of them be drawn only "
            "`when` the other allows it."
        ) from error


def _distribution(name: str, space: ParameterSpace) -> BaseDistribution:
    if name.split(".", maxsplit=1)[0] in NOT_SEARCHED:
        raise ConfigError(f"{name} changes no training. Search another setting.")
    kind = setting_type(name)
    if space.choices:
        return CategoricalDistribution(space.choices)
    if space.low is None or space.high is None or kind not in {int, float}:
        raise ConfigError(f"{name} is no number. List its choices instead of a range.")
    if space.log and space.step is not None:
        raise ConfigError(
            f"{name} cannot have both log and a step. Received: step={space.step}."
        )
    if space.step is not None and not 0 < space.step < math.inf:
        raise ConfigError(f"{name} needs a step above 0. Received: {space.step}.")
    high = _last_step(space.low, space.high, space.step)
    if kind is float:
        return FloatDistribution(space.low, high, log=space.log, step=space.step)
    step = space.step or 1
    if any(number != int(number) for number in (space.low, high, step)):
        raise ConfigError(
            f"{name} needs whole numbers. Received: {space.low} to {space.high}"
            + (f" in steps of {space.step}." if space.step else ".")
        )
    return IntDistribution(int(space.low), int(high), log=space.log, step=int(step))


def _last_step(low: float, high: float, step: float | None) -> float:
    """Return the highest value that whole steps lead to."""
    if step is None:
        return high
    # As they were written: in binary, 0.1 goes into 0.3 less than three times.
    begin, end, each = (Decimal(str(number)) for number in (low, high, step))
    return float(begin + (end - begin) // each * each)


def _extremes(drawn: BaseDistribution) -> tuple[Any, ...]:
    if isinstance(drawn, CategoricalDistribution):
        return tuple(drawn.choices)
    assert isinstance(drawn, IntDistribution | FloatDistribution)
    return drawn.low, drawn.high


def _between(drawn: BaseDistribution) -> range:
    """Return the whole numbers between the ends of a range, unless they are many."""
    if not isinstance(drawn, IntDistribution):
        return range(0)
    inner = range(drawn.low + drawn.step, drawn.high, drawn.step)
    return inner if len(inner) <= MOST_TRIED else range(0)


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
