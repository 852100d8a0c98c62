"""A Keras model as an ONNX graph, layer by layer.

A layer's place in the graph is read from its public `input` and `output`, so the
walk follows any functional model whose kinds of layers have a writer. Pictures are
turned from (N, H, W, C) to (N, C, H, W) once, at the entry.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from agegender.errors import ModelError

LayerWriter = Callable[["GraphWriter", Any, list[str]], str]
"""Called as (graph, layer, names of its inputs); returns the name of its output."""


class GraphWriter:
    """Writes one functional Keras model as an ONNX graph.

    Args:
        model: One uint8 picture input; a dict of named (N, k) outputs.
        writers: What writes each kind of layer.
        absent: Kinds of layers that pass their input on unchanged.
    """

    def __init__(
        self,
        model: keras.Model,
        writers: Mapping[type, LayerWriter],
        absent: Collection[type],
    ) -> None:
        self._model = model
        self._writers = writers
        self._absent = absent
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

    def whole_numbers(self, name: str, values: Sequence[int]) -> str:
        """Add an int64 constant, (k,), and return its name."""
        array: NDArray[np.int64] = np.asarray(values, np.int64)
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
        self.node("Squeeze", [written, self.whole_numbers(f"{name}_axis", [1])], name)
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"])

    def _write(self, layer: keras.layers.Layer) -> str:
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        names = [self._names[id(tensor)] for tensor in inputs]
        if type(layer) in self._absent:
            return names[0]
        if (writer := self._writers.get(type(layer))) is None:
            raise ModelError(
                f"layer {layer.name} cannot be exported: "
                f"{type(layer).__name__} has no ONNX counterpart here."
            )
        return writer(self, layer, names)
