"""When a setting is drawn: only where others have taken certain values."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    IntDistribution,
)

from agegender.config import ParameterSpace
from agegender.errors import ConfigError

Conditions = dict[str, tuple[Any, ...]]
"""Other setting -> its values with which this one is drawn; none: always."""


def conditions_of(space: ParameterSpace) -> Conditions:
    """Return when a setting is drawn, single values as tuples of one."""
    return {
        name: tuple(values) if isinstance(values, list) else (values,)
        for name, values in space.when.items()
    }


def in_order(when: Mapping[str, Conditions]) -> list[str]:
    """Return the settings so that each comes after those it depends on.

    Raises:
        ConfigError: If a condition names what is not searched, or conditions go
            round in a circle.
    """
    for name, conditions in when.items():
        if strangers := [other for other in conditions if other not in when]:
            raise ConfigError(
                f"{name} depends on {strangers[0]}, which is not searched. "
                f"Name one of: {', '.join(other for other in when if other != name)}."
            )
    # All names first: without conditions, the order is that of the file.
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(when, ()))
    for name, conditions in when.items():
        sorter.add(name, *conditions)
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        raise ConfigError(
            f"conditions of the searched settings go round in a circle: {circle}. "
            "Leave one of them out."
        ) from error


def refuse_never(
    when: Mapping[str, Conditions], drawn: Mapping[str, BaseDistribution]
) -> None:
    """Refuse conditions that cannot come true.

    Raises:
        ConfigError: If one asks for a value that its setting never takes.
    """
    for name, conditions in when.items():
        for other, values in conditions.items():
            if not values:
                raise ConfigError(
                    f"{name} depends on {other} having one of no values. Name some."
                )
            for value in values:
                _require_possible(name, other, drawn[other], value)


def hold(conditions: Conditions, values: Mapping[str, Any]) -> bool:
    """Tell whether a setting is drawn, given what was drawn before it."""
    return all(
        name in values and values[name] in wanted for name, wanted in conditions.items()
    )


def fit_together(when: Mapping[str, Conditions], values: Mapping[str, Any]) -> bool:
    """Tell whether a trial may draw all these values at once."""
    return all(hold(when[name], values) for name in values)


def examples(when: Mapping[str, Conditions], names: Iterable[str]) -> dict[str, Any]:
    """Return values, the first of each condition, with which settings are drawn."""
    found: dict[str, Any] = {}
    for name in names:
        found |= examples(when, when[name])
        found |= {other: values[0] for other, values in when[name].items()}
    return found


def _require_possible(
    name: str, other: str, drawn: BaseDistribution, value: object
) -> None:
    if isinstance(drawn, CategoricalDistribution):
        possible: Iterable[Any] = drawn.choices
    elif isinstance(drawn, IntDistribution):
        possible = range(drawn.low, drawn.high + 1, drawn.step)
    else:
        raise ConfigError(
            f"{name} depends on a value of {other}, which is drawn from numbers "
            "without end. List its choices instead."
        )
    # 1 and True are equal, and not the same setting.
    if not any(type(one) is type(value) and one == value for one in possible):
        raise ConfigError(
            f"{name} depends on {other} being {value!r}, which it never is. "
            f"Name one of: {', '.join(map(repr, possible))}."
        )
