"""The weights of an old Keras network, read from HDF5 as plain arrays.

Keras 1 and 2 wrote one group a layer and, in an attribute, the layers' order. Names
differ from release to release, so that layers are told by what they hold: a kernel of
four dimensions is a convolution, four vectors are a batch norm, a matrix is a head.

The file is not trusted: nothing in it is run, links out of it are not followed, and
sizes are checked before anything is read.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from agegender.errors import ModelError

Array = NDArray[np.float32]

LARGEST_BYTES: Final = 2**31
"""Of all weights together; WRN-16-8 has 98 MB."""

MOST_LAYERS: Final = 2000

NORM_VECTORS: Final = 4


@dataclass(frozen=True, eq=False)
class OldWeights:
    """The weights of a network, kind by kind, in the order of its layers.

    Args:
        convolutions: Kernels of more than one pixel, (height, width, in, out).
        shortcuts: Kernels of one pixel, the same.
        norms: Of each batch norm: scale, offset, mean, variance.
        heads: Of each head, by its number of outputs: matrix (in, out) and offset
            (out,).
    """

    convolutions: list[Array]
    shortcuts: list[Array]
    norms: list[tuple[Array, Array, Array, Array]]
    heads: dict[int, tuple[Array, Array]]


def read_weights(path: Path) -> OldWeights:
    """Read a file that `save` or `save_weights` of Keras 1 or 2 wrote.

    Args:
        path: The HDF5 file.

    Raises:
        ModelError: If it is no such file, or damaged.
    """
    if not path.is_file():
        raise ModelError(f"no weights at {path}. Give the path of an .hdf5 file.")
    try:
        with h5py.File(path, "r") as file:
            return _sorted(_layers(file, path), path)
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"{path} is no readable HDF5 file: {reason}.") from error


def _layers(file: h5py.File, path: Path) -> list[tuple[str, list[Array]]]:
    """Return the name and the arrays of each layer that has any, in order."""
    root = _child(file, "model_weights", path) if "model_weights" in file else file
    if "layer_names" not in root.attrs:
        raise ModelError(f"{path} is HDF5, but holds no weights of Keras 1 or 2.")
    names = _texts(root.attrs["layer_names"])
    if len(names) > MOST_LAYERS:
        raise ModelError(f"{path} has {len(names)} layers; at most {MOST_LAYERS}.")
    left = LARGEST_BYTES
    layers = []
    for name in names:
        group = _child(root, name, path)
        arrays = []
        for weight in _texts(group.attrs["weight_names"]):
            array, left = _array(group, weight, left, path)
            arrays.append(array)
        if arrays:
            layers.append((name, arrays))
    return layers


def _child(group: Any, name: str, path: Path) -> Any:
    """Return a group or data set within the file itself."""
    node = group
    for step in name.split("/"):
        is_group = isinstance(node, h5py.Group)
        if not is_group or not isinstance(node.get(step, getlink=True), h5py.HardLink):
            raise ModelError(f"{path} lacks {name!r}, or it leads elsewhere.")
        node = node[step]
    return node


def _array(group: Any, name: str, left: int, path: Path) -> tuple[Array, int]:
    data = _child(group, name, path)
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
        raise ModelError(f"{path} holds no numbers of its own as {name!r}.")
    if data.shape is None or data.dtype.kind != "f" or data.size * 4 > left:
        raise ModelError(
            f"{name!r} of {path} must be floats, all of them less than 2 GiB. "
            f"Received: {data.shape} {data.dtype}."
        )
    with np.errstate(over="ignore"):  # What float32 cannot hold is not finite.
        values = np.asarray(data[()], dtype=np.float32)
    if not np.isfinite(values).all():
        raise ModelError(f"{name!r} of {path} is not finite everywhere.")
    return values, left - values.size * 4


def _texts(values: Any) -> list[str]:
    return [
        each.decode("utf-8") if isinstance(each, bytes) else str(each)
        for each in np.asarray(values).ravel().tolist()
    ]


def _sorted(layers: list[tuple[str, list[Array]]], path: Path) -> OldWeights:
    found = OldWeights([], [], [], {})
    for name, arrays in layers:
        shapes = [array.shape for array in arrays]
        if len(arrays) == 1 and arrays[0].ndim == 4:
            one = arrays[0].shape[:2] == (1, 1)
            (found.shortcuts if one else found.convolutions).append(arrays[0])
        elif shapes == [(arrays[0].size,)] * NORM_VECTORS:
            _require_variances(arrays[3], name, path)
            found.norms.append((arrays[0], arrays[1], arrays[2], arrays[3]))
        elif arrays[0].ndim == 2 and shapes[1:] in ([], [shapes[0][1:]]):
            width = arrays[0].shape[1]
            if width in found.heads:
                raise ModelError(f"{path} has two heads of {width} outputs.")
            offset = arrays[1] if len(arrays) == 2 else np.zeros(width, np.float32)
            found.heads[width] = (arrays[0], offset)
        else:
            raise ModelError(
                f"layer {name!r} of {path} is none that a Wide ResNet with two heads "
                f"has. Received: {shapes}."
            )
    return found


def _require_variances(values: Array, name: str, path: Path) -> None:
    if (values < 0).any():
        raise ModelError(
            f"variances of layer {name!r} of {path} must not be negative. "
            f"Received: {values.min()}."
        )
