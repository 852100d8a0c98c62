"""Names of settings as people say them."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from agegender.config.experiment import Experiment


def short_name(setting: str) -> str:
    """Return the last part of a setting's name, if no other setting's is alike.

    Args:
        setting: Dotted, such as `model.depth`.

    Returns:
        Such as `depth`; but `optimizer.name` as it is.
    """
    last = setting.rpartition(".")[2]
    return setting if _last_parts()[last] > 1 else last


@cache
def _last_parts() -> Counter[str]:
    return Counter(_leaves(Experiment().to_dict()))


def _leaves(settings: Mapping[str, Any]) -> list[str]:
    names = []
    for name, value in settings.items():
        names += _leaves(value) if isinstance(value, Mapping) else [name]
    return names
