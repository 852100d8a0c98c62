"""What a Keras file claims to hold, looked at before it is unpacked and built.

Such a file is a zip archive of a plan of layers and of their weights. A few kilobytes
of it may unpack to all memory, or plan a layer that fills it: whoever builds a network
makes room for its weights first, and reads them later.
"""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import h5py

PLAN, WEIGHTS = "config.json", "model.weights.h5"

_MOST_PACKED: Final = 10
"""Bytes to one, of weights and of what they are packed in: they hardly shrink."""

_LEAST_LIMIT: Final = 2**26
"""Bytes, and numbers, that any file may claim."""


def require_room(archive: zipfile.ZipFile) -> None:
    """Raise where a zip archive unpacks to far more than its size.

    Raises:
        zipfile.BadZipFile: If it does.
    """
    packed = sum(member.compress_size for member in archive.infolist())
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > (limit := _limit(packed)):
        raise zipfile.BadZipFile(f"it unpacks to {unpacked} bytes; at most {limit}")


def require_honest(path: Path) -> None:
    """Raise where a Keras file's claims would take more memory than its weights.

    Args:
        path: The `.keras` file.

    Raises:
        OSError, ValueError, zipfile.BadZipFile: If they would, or it is no such file.
        KeyError: If plan or weights are absent.
    """
    with zipfile.ZipFile(path) as archive:
        require_room(archive)
        held = _numbers(archive.read(WEIGHTS))
        planned = _planned(json.loads(archive.read(PLAN)))
    if planned > (limit := _LEAST_LIMIT + held):
        raise ValueError(f"its layers have {planned} weights; at most {limit}")


def _limit(packed: int) -> int:
    return _LEAST_LIMIT + _MOST_PACKED * packed


def _numbers(weights: bytes) -> int:
    """Count the numbers in an HDF5 file, whose sets of them may be empty shells."""
    found: list[Any] = []
    with h5py.File(io.BytesIO(weights)) as file:
        file.visititems(lambda _, item: found.append(item))
        sets = [item for item in found if isinstance(item, h5py.Dataset)]
        if any(one.external or one.is_virtual for one in sets):
            raise ValueError("its weights lie in another file")
        claimed = sum(one.nbytes for one in sets)
        if claimed > (limit := _limit(len(weights))):
            raise ValueError(f"its weights have {claimed} bytes; at most {limit}")
        return sum(one.size for one in sets)


def _planned(plan: Any) -> int:
    """Return how many weights the layers of a plan have at least."""
    layers = list(_layers(plan))
    widest = max((_width(layer) for layer in layers), default=0)
    return sum(_least_weights(layer, widest) for layer in layers)


def _layers(plan: Any) -> Iterator[dict[str, Any]]:
    """Walk a plan, layers within layers, too."""
    waiting = [plan]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting.extend(part.values())
            if isinstance(part.get("config"), dict):
                yield part
        elif isinstance(part, list):
            waiting.extend(part)


def _width(layer: dict[str, Any]) -> int:
    config = layer["config"]
    told = config.get("filters") or config.get("units")
    return _product(told) if told else 0


def _least_weights(layer: dict[str, Any], widest: int) -> int:
    config, kind = layer["config"], str(layer.get("class_name"))
    if kind == "Embedding":
        return _product([config.get("input_dim"), config.get("output_dim")])
    shape = (layer.get("build_config") or {}).get("input_shape")
    # Keras builds by this shape; a plan without it is none of its own.
    seen = _product(shape[-1]) if shape else widest
    area = _product(config.get("kernel_size")) if kind.startswith("Conv") else 1
    return _width(layer) * seen * area // _product(config.get("groups"))


def _product(sizes: Any) -> int:
    """Multiply whole numbers; what is none counts as 1."""
    given = sizes if isinstance(sizes, list) else [sizes]
    return math.prod(size for size in given if isinstance(size, int) and size > 0)
