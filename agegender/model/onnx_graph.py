"""Keras layers as ONNX nodes.

A layer's place in the graph is read from its public `input` and `output`, so the
walk follows any functional model made of the layers listed in `_WRITERS`.
Pictures are turned from (N, H, W, C) to (N, C, H, W) once, at the entry.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from agegender.errors import ModelError
from agegender.model.augment import Augment


class GraphWriter:
    """Writes one functional Keras model as an ONNX graph.

    Args:
        model: One uint8 picture input; a dict of named (N, k) outputs.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._names: dict[int, str] = {}

    def graph(self) -> onnx.GraphProto:
        """Return the graph, batch size left open.

        Raises:
            ModelError: If a layer has no ONNX counterpart.
        """
        self._enter()
        for layer in self._model.layers:
            if not isinstance(layer, keras.layers.InputLayer):
                self._names[id(layer.output)] = self._write(layer)
        source = self._model.inputs[0]
        faces = helper.make_tensor_value_info(
            "faces", TensorProto.UINT8, ["N", *source.shape[1:]]
        )
        outputs = [self._leave(name) for name in self._model.output]
        return helper.make_graph(
            self._nodes, self._model.name, [faces], outputs, self._constants
        )

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node with one output, called like the node, and return its name."""
        self._nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, values: Any) -> str:
        """Add a float32 constant and return its name."""
        array: NDArray[np.float32] = np.asarray(values, np.float32)
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def _enter(self) -> None:
        floats = self.node("Cast", ["faces"], "faces_float", to=TensorProto.FLOAT)
        turned = self.node("Transpose", [floats], "faces_nchw", perm=[0, 3, 1, 2])
        self._names[id(self._model.inputs[0])] = turned

    def _leave(self, name: str) -> onnx.ValueInfoProto:
        """Name an output; one of width 1 becomes (N,)."""
        tensor = self._model.output[name]
        written, width = self._names[id(tensor)], tensor.shape[-1]
        if width > 1:
            self.node("Identity", [written], name)
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])
        axis = numpy_helper.from_array(np.array([1], np.int64), f"{name}_axis")
        self._constants.append(axis)
        self.node("Squeeze", [written, axis.name], name)
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"])

    def _write(self, layer: keras.layers.Layer) -> str:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        names = [self._names[id(tensor)] for tensor in inputs]
        if type(layer) in _ABSENT:
            return names[0]
        if (writer := _WRITERS.get(type(layer))) is None:
            raise ModelError(
                f"layer {layer.name} cannot be exported: "
                f"{type(layer).__name__} has no ONNX counterpart here."
            )
        return writer(self, layer, names)


def _rescaling(
    writer: GraphWriter, layer: keras.layers.Rescaling, inputs: list[str]
) -> str:
    name = layer.name
    scale = writer.constant(f"{name}_scale", layer.scale)
    offset = writer.constant(f"{name}_offset", layer.offset)
    scaled = writer.node("Mul", [*inputs, scale], f"{name}_scaled")
    return writer.node("Add", [scaled, offset], f"{name}_out")


def _convolution(
    writer: GraphWriter, layer: keras.layers.Conv2D, inputs: list[str]
) -> str:
    name = layer.name
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float32)
    weights = [writer.constant(f"{name}_kernel", kernel.transpose(3, 2, 0, 1))]
    if layer.use_bias:
        bias = keras.ops.convert_to_numpy(layer.bias)
        weights.append(writer.constant(f"{name}_bias", bias))
    pads = [
        _same_padding(side, window, stride)
        for side, window, stride in zip(
            layer.input.shape[1:3], layer.kernel_size, layer.strides, strict=True
        )
    ]
    return writer.node(
        "Conv",
        [*inputs, *weights],
        f"{name}_out",
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        pads=[before for before, _ in pads] + [after for _, after in pads],
    )


def _same_padding(side: int, window: int, stride: int) -> tuple[int, int]:
    """Return the pixels that Keras' `same` adds before and after one axis."""
    total = max((-(-side // stride) - 1) * stride + window - side, 0)
    return total // 2, total - total // 2


def _batch_norm(
    writer: GraphWriter, layer: keras.layers.BatchNormalization, inputs: list[str]
) -> str:
    parts = ("gamma", "beta", "moving_mean", "moving_variance")
    weights = [
        writer.constant(
            f"{layer.name}_{part}", keras.ops.convert_to_numpy(getattr(layer, part))
        )
        for part in parts
    ]
    return writer.node(
        "BatchNormalization",
        [*inputs, *weights],
        f"{layer.name}_out",
        epsilon=layer.epsilon,
    )


def _relu(writer: GraphWriter, layer: keras.layers.ReLU, inputs: list[str]) -> str:
    return writer.node("Relu", inputs, f"{layer.name}_out")


def _add(writer: GraphWriter, layer: keras.layers.Add, inputs: list[str]) -> str:
    return writer.node("Add", inputs, f"{layer.name}_out")


def _pool(
    writer: GraphWriter, layer: keras.layers.GlobalAveragePooling2D, inputs: list[str]
) -> str:
    name = layer.name
    pooled = writer.node("GlobalAveragePool", inputs, f"{name}_mean")
    return writer.node("Flatten", [pooled], f"{name}_out", axis=1)


def _dense(writer: GraphWriter, layer: keras.layers.Dense, inputs: list[str]) -> str:
    name = layer.name
    kernel = writer.constant(f"{name}_kernel", keras.ops.convert_to_numpy(layer.kernel))
    bias = writer.constant(f"{name}_bias", keras.ops.convert_to_numpy(layer.bias))
    sums = writer.node("Gemm", [*inputs, kernel, bias], f"{name}_sums")
    activation = keras.activations.serialize(layer.activation)
    if activation not in _ACTIVATIONS:
        raise ModelError(f"layer {name} cannot be exported: activation {activation}.")
    return writer.node(_ACTIVATIONS[activation], [sums], f"{name}_out")


_ACTIVATIONS = {"softmax": "Softmax", "sigmoid": "Sigmoid"}
_ABSENT = (Augment, keras.layers.Dropout)
_WRITERS: dict[type, Callable[[GraphWriter, Any, list[str]], str]] = {
    keras.layers.Rescaling: _rescaling,
    keras.layers.Conv2D: _convolution,
    keras.layers.BatchNormalization: _batch_norm,
    keras.layers.ReLU: _relu,
    keras.layers.Add: _add,
    keras.layers.GlobalAveragePooling2D: _pool,
    keras.layers.Dense: _dense,
}
