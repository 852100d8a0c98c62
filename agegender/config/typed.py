"""Whether values are of the types that settings have."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from agegender.config.checks import require


def require_settings(values: Any, kind: Any, name: str = "") -> None:
    """Refuse what a file of settings may not hold.

    Args:
        values: As read: settings by their names, those of sections within them or
            dotted.
        kind: The type that they are for, a dataclass with others within.
        name: Dotted, of what they belong to.

    Raises:
        ConfigError: If a setting does not exist, or a value is of another type.
    """
    of_each = get_args(kind)[1] if get_origin(kind) is dict else None
    if not is_dataclass(kind) and not is_dataclass(of_each):
        require(
            fits(values, kind),
            f"{name} takes {type_name(kind)}. Received: {values!r}.",
        )
        return
    require(
        isinstance(values, Mapping),
        f"{name} takes settings by their names. Received: {values!r}.",
    )
    fields = get_type_hints(kind) if of_each is None else {}
    for key, value in values.items():
        inner = f"{name}.{key}".removeprefix(".")
        if of_each is not None:
            require_settings(value, of_each, inner)
            continue
        head, dot, rest = str(key).partition(".")
        require(
            head in fields,
            f"there is no setting {inner}. Name one of: {', '.join(fields)}.",
        )
        whole = f"{name}.{head}".removeprefix(".")
        require_settings({rest: value} if dot else value, fields[head], whole)


def fits(value: object, kind: Any) -> bool:
    """Return whether a value is of a type; a whole number is a number, too."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in inner
    if origin in {Union, UnionType}:
        return any(fits(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(fits(one, inner[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            fits(one, inner[1]) for one in value.values()
        )
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def type_name(kind: Any) -> str:
    """Return what a person calls a type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, inner))
    if origin in {Union, UnionType}:
        return " or ".join(type_name(one) for one in inner if one is not type(None))
    names = {int: "a whole number", float: "a number", bool: "true or false"}
    names |= {list: "a list", dict: "values by their names"}
    return names.get(origin or kind, "a text")
