"""An exported network with smaller numbers: float16 to keep, int8 to compute with."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from agegender.errors import ModelError
from agegender.model.lone_file import read_lone
from agegender.whole import part_of

CALIBRATION_BATCH = 32
"""Faces that are shown at a time while ranges are read off."""


def halve_file(path: Path, out: Path) -> Path:
    """Write an exported network again with its kernels in float16, at half the size.

    They are turned back to float32 as the file is loaded: answers are still worked
    out in float32, from weights rounded to eleven bits.

    Args:
        path: As `export_onnx` wrote it.
        out: Where to; replaced if present, and may be `path` itself.

    Returns:
        Where it was written.
    """
    exported = _widened(read_lone(path))
    kept, turned_back = [], []
    for tensor in exported.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2:
            kept.append(tensor)
            continue
        name = f"{tensor.name}_half"
        kept.append(onnx.numpy_helper.from_array(values.astype(np.float16), name))
        turned_back.append(
            onnx.helper.make_node(
                "Cast", [name], [tensor.name], name, to=onnx.TensorProto.FLOAT
            )
        )
    _replace(exported, kept, [*turned_back, *exported.graph.node])
    return _saved(exported, out)


def widen_file(path: Path, out: Path) -> Path:
    """Write an exported network again with its kernels in float32.

    Args:
        path: As `export_onnx` or `halve_file` wrote it.
        out: Where to; replaced if present, and may be `path` itself.

    Returns:
        Where it was written.
    """
    return _saved(_widened(read_lone(path)), out)


class Parts(NamedTuple):
    """What an exported network is made of."""

    weights: dict[str, NDArray[Any]]  # by name, kernels in float32
    kinds: set[str]  # of its nodes


def parts_of(path: Path) -> Parts:
    """Take an exported network apart."""
    graph = _widened(read_lone(path)).graph
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    return Parts(weights, {node.op_type for node in graph.node})


def quantize_file(path: Path, out: Path, faces: NDArray[np.uint8]) -> Path:
    """Write an exported network again that computes in whole numbers of eight bits.

    Kernels are scaled channel by channel, and to seven bits: where a processor adds
    two products up in sixteen bits (AVX2), eight would overflow unseen. What lies
    between the layers is scaled by the ranges that example faces give.

    Args:
        path: As `export_onnx` or `halve_file` wrote it.
        out: Where to; replaced if present.
        faces: uint8 (N, S, S, 3), N above 0, like those that will be asked about.

    Returns:
        Where it was written.

    Reference: Jacob et al., CVPR 2018.
    """
    from onnxruntime.quantization import (  # noqa: PLC0415 - slow, and rarely wanted
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import (  # noqa: PLC0415
        quant_pre_process,
    )

    if not len(faces):
        raise ModelError("int8 needs faces to read the ranges off. Received: none.")
    with TemporaryDirectory() as folder, part_of(out) as part, _quiet():
        whole, ready = Path(folder) / "whole.onnx", Path(folder) / "ready.onnx"
        quant_pre_process(widen_file(path, whole), ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            part,
            _Shown(faces),
            nodes_to_exclude=_of_heads(ready),
            op_types_to_quantize=_QUANTIZED,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
    return out


_QUANTIZED = ["Conv", "Add", "Relu"]


def _of_heads(path: Path) -> list[str]:
    """Name the nodes that stay in float32: they cost nothing, and ages show it."""
    from agegender.model.heads import HEADS  # noqa: PLC0415 - Keras

    names = [node.name for node in onnx.load_model(path).graph.node]
    return [name for name in names if name.startswith(tuple(HEADS))]


class _Shown:
    """Faces as the quantizer asks for them: batch by batch, then None."""

    def __init__(self, faces: NDArray[np.uint8]) -> None:
        starts = range(0, len(faces), CALIBRATION_BATCH)
        batches = (faces[start : start + CALIBRATION_BATCH] for start in starts)
        self._waiting = ({"faces": np.ascontiguousarray(batch)} for batch in batches)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        return next(self._waiting, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantizer from talking to the root logger about what is as intended."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)


def _widened(exported: onnx.ModelProto) -> onnx.ModelProto:
    """Turn kernels that are kept in float16 into float32 ones, for good."""
    constants = {tensor.name: tensor for tensor in exported.graph.initializer}
    kept = []
    for node in exported.graph.node:
        if node.op_type != "Cast" or node.input[0] not in constants:
            kept.append(node)
            continue
        values = onnx.numpy_helper.to_array(constants.pop(node.input[0]))
        name = node.output[0]
        constants[name] = onnx.numpy_helper.from_array(values.astype(np.float32), name)
    _replace(exported, list(constants.values()), kept)
    return exported


def _replace(exported: onnx.ModelProto, constants: list[Any], nodes: list[Any]) -> None:
    del exported.graph.initializer[:], exported.graph.node[:]
    exported.graph.initializer.extend(constants)
    exported.graph.node.extend(nodes)


def _saved(exported: onnx.ModelProto, out: Path) -> Path:
    onnx.checker.check_model(exported, full_check=True)
    with part_of(out) as part:
        onnx.save_model(exported, part)
    return out
