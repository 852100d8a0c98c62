"""What a Keras file plans to build, looked at before it is built.

Plans are read from files of others. Only the kinds of layers that our networks have
are let through, since of these we know what each takes: room for its weights, which
Keras makes before it reads any.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

_NORMS: Final = frozenset({"BatchNorm", "BatchNormalization"})
_DENSE: Final = frozenset({"Dense", "Probabilities"})
_WEIGHTED: Final = _NORMS | _DENSE | {"Conv2D"}

_KINDS: Final = _WEIGHTED | {
    *("Functional", "InputLayer", "Rescaling", "ReLU", "Add", "Dropout", "Flatten"),
    *("AveragePooling2D", "GlobalAveragePooling2D"),
    *("Augment", "Shrink", "WithMirrorImages", "MeanOfBoth"),
    *("StepsToAges", "SecondOfTwo"),
    *("HeNormal", "GlorotUniform", "Constant", "Zeros", "Ones"),
    *("DTypePolicy", "__keras_tensor__"),
}
"""Of layers, of first weights, and of what else Keras notes of them."""

_MOST_LAYERS: Final = 2**12
_LARGEST_SIDE: Final = 2**12
"""Pixels of what goes in, of a kernel, and of how far one reaches or skips."""

_REACHING: Final = ("strides", "dilation_rate", "pool_size", "kernel_size", "side")


def planned_weights(plan: dict[str, Any]) -> int:
    """Return how many weights the layers of a plan have at least.

    Args:
        plan: As JSON tells it.

    Raises:
        LookupError, TypeError: If it is no plan.
        ValueError: If it has other layers than our networks, or far too many, or one
            reaches too far or does not tell what it is built for.
    """
    parts = list(_parts(plan["config"]))
    if others := sorted({str(one["class_name"]) for one in parts} - _KINDS):
        raise ValueError(f"our networks have no {', '.join(others)[:100]}")
    if (layers := len(plan["config"]["layers"])) > _MOST_LAYERS:
        raise ValueError(f"it has {layers} layers; at most {_MOST_LAYERS}")
    return sum(_weights(one["class_name"], one) for one in parts)


def _parts(plan: Any) -> Iterator[dict[str, Any]]:
    """Yield what has a kind, layers within layers, too."""
    waiting = [plan]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting.extend(part.values())
            if "class_name" in part:
                yield part
        elif isinstance(part, list):
            waiting.extend(part)


def _weights(kind: str, part: dict[str, Any]) -> int:
    config = part["config"]
    if kind == "__keras_tensor__":
        return 0
    for name in _REACHING:
        _require_within(name, config.get(name, []))
    _require_within("batch_shape", config.get("batch_shape", []))
    if kind not in _WEIGHTED:
        return 0
    if config.get("lora_rank"):
        raise ValueError("our networks have no lora_rank")
    # Keras builds by this shape; a plan without it is none of its own. Which of its
    # sides counts channels is said elsewhere, so the largest is taken.
    shape = (part.get("build_config") or {}).get("input_shape") or [0]
    seen = max(_whole(side) for side in shape if side is not None)
    if kind in _NORMS:
        return 4 * seen
    if kind in _DENSE:
        return _whole(config["units"]) * seen
    area = math.prod(map(_whole, config["kernel_size"]))
    return _whole(config["filters"]) * seen * area // _whole(config["groups"])


def _require_within(name: str, sides: Any) -> None:
    for side in sides if isinstance(sides, list) else [sides]:
        if side is not None and _whole(side) > _LARGEST_SIDE:
            raise ValueError(f"{name} is {side} in it; at most {_LARGEST_SIDE}")


def _whole(number: Any) -> int:
    if not isinstance(number, int) or number < 1:
        raise ValueError(f"{number} stands where a number above 0 has to")
    return number
