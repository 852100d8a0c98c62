"""What a Keras file claims to hold, looked at before it is unpacked and built.

Such a file is a zip archive of a plan of layers and of their weights. A few kilobytes
of it may unpack to all memory, or plan a layer that fills it: whoever builds a network
makes room for its weights first, and reads them later.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import h5py

from agegender.model.keras_plan import planned_weights

PLAN, WEIGHTS = "config.json", "model.weights.h5"

_MOST_PACKED: Final = 10
"""Bytes to one, of weights and of what they are packed in: they hardly shrink."""

_LED_ON: Final = (h5py.ExternalLink, h5py.SoftLink)
"""Names of what lies elsewhere, which Keras writes none of."""

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
        LookupError, TypeError: If plan or weights are absent, or are none.
    """
    with zipfile.ZipFile(path) as archive:
        require_room(archive)
        held = _numbers(archive.read(WEIGHTS))
        planned = planned_weights(json.loads(archive.read(PLAN)))
    if planned > (limit := _LEAST_LIMIT + held):
        raise ValueError(f"its layers have {planned} weights; at most {limit}")


def _limit(packed: int) -> int:
    return _LEAST_LIMIT + _MOST_PACKED * packed


def _numbers(weights: bytes) -> int:
    """Count the numbers in an HDF5 file, whose sets of them may be empty shells."""
    found: list[Any] = []
    links: list[Any] = []
    with h5py.File(io.BytesIO(weights)) as file:
        file.visititems(lambda _, item: found.append(item))
        file.visititems_links(lambda _, link: links.append(link))
        sets = [item for item in found if isinstance(item, h5py.Dataset)]
        led_on = any(isinstance(one, _LED_ON) for one in links)
        if led_on or any(one.external or one.is_virtual for one in sets):
            raise ValueError("its weights lie in another file")
        claimed = sum(one.nbytes for one in sets)
        if claimed > (limit := _limit(len(weights))):
            raise ValueError(f"its weights have {claimed} bytes; at most {limit}")
        return sum(one.size for one in sets)
