"""Each kind of layer that our networks have, as ONNX nodes.

What is not listed in `WRITERS` cannot be exported, and the export says so.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from agegender.errors import ModelError
from agegender.model.augment import Augment
from agegender.model.heads import Probabilities, SecondOfTwo, StepsToAges
from agegender.model.mirrored import BOTH, MeanOfBoth, WithMirrorImages
from agegender.model.moving import coverage
from agegender.model.norm import BatchNorm
from agegender.model.onnx_graph import GraphWriter, LayerWriter
from agegender.model.shrink import Shrink


def _with_mirror_images(
    writer: GraphWriter, layer: WithMirrorImages, inputs: list[str]
) -> str:
    name, side = layer.name, layer.input.shape[2]
    columns = writer.whole_numbers(f"{name}_columns", range(side)[::-1])
    mirrored = writer.node("Gather", [*inputs, columns], f"{name}_images", axis=3)
    return writer.node("Concat", [*inputs, mirrored], f"{name}_out", axis=0)


def _mean_of_both(writer: GraphWriter, layer: MeanOfBoth, inputs: list[str]) -> str:
    name = layer.name
    pairs = writer.whole_numbers(f"{name}_shape", [BOTH, -1, layer.input.shape[-1]])
    paired = writer.node("Reshape", [*inputs, pairs], f"{name}_pairs")
    return writer.node("ReduceMean", [paired], f"{name}_out", axes=[0], keepdims=0)


def _shrink(writer: GraphWriter, layer: Shrink, inputs: list[str]) -> str:
    name, share = layer.name, coverage(layer.input.shape[1], layer.side)
    down = writer.constant(f"{name}_rows", share)
    across = writer.constant(f"{name}_columns", share.T)
    rows = writer.node("MatMul", [down, *inputs], f"{name}_short")
    return writer.node("MatMul", [rows, across], f"{name}_out")


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
    return writer.node(
        "Conv",
        [*inputs, *weights],
        f"{name}_out",
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        pads=_pads(layer, layer.kernel_size),
    )


def _pads(layer: Any, window: Sequence[int]) -> list[int]:
    """Return the pixels added above, left, below and right."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    sides = zip(layer.input.shape[1:3], window, layer.strides, strict=True)
    pads = [_same_padding(*side) for side in sides]
    return [before for before, _ in pads] + [after for _, after in pads]


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


def _global_mean(
    writer: GraphWriter, layer: keras.layers.GlobalAveragePooling2D, inputs: list[str]
) -> str:
    name = layer.name
    pooled = writer.node("GlobalAveragePool", inputs, f"{name}_mean")
    return writer.node("Flatten", [pooled], f"{name}_out", axis=1)


def _window_mean(
    writer: GraphWriter, layer: keras.layers.AveragePooling2D, inputs: list[str]
) -> str:
    return writer.node(
        "AveragePool",
        inputs,
        f"{layer.name}_out",
        kernel_shape=list(layer.pool_size),
        strides=list(layer.strides),
        pads=_pads(layer, layer.pool_size),
        # As Keras has it: the mean of those pixels that there are.
        count_include_pad=0,
    )


def _flatten(
    writer: GraphWriter, layer: keras.layers.Flatten, inputs: list[str]
) -> str:
    name = layer.name
    # Keras counts channels last, and so do the weights that come after.
    turned = writer.node("Transpose", inputs, f"{name}_nhwc", perm=[0, 2, 3, 1])
    return writer.node("Flatten", [turned], f"{name}_out", axis=1)


def _dense(writer: GraphWriter, layer: keras.layers.Dense, inputs: list[str]) -> str:
    name = layer.name
    kernel = writer.constant(f"{name}_kernel", keras.ops.convert_to_numpy(layer.kernel))
    bias = writer.constant(f"{name}_bias", keras.ops.convert_to_numpy(layer.bias))
    sums = writer.node("Gemm", [*inputs, kernel, bias], f"{name}_sums")
    activation = keras.activations.serialize(layer.activation)
    if activation == "linear":
        return sums
    if activation not in _ACTIVATIONS:
        raise ModelError(f"layer {name} cannot be exported: activation {activation}.")
    return writer.node(_ACTIVATIONS[activation], [sums], f"{name}_out")


def _steps_to_ages(writer: GraphWriter, layer: StepsToAges, inputs: list[str]) -> str:
    name = layer.name
    axis = writer.whole_numbers(f"{name}_axis", [1])
    opposite = writer.node("Neg", inputs, f"{name}_opposite")
    costs = {
        # -log_sigmoid(x) is softplus(-x).
        "passed": writer.node("Softplus", [opposite], f"{name}_pass_cost"),
        "stopped": writer.node("Softplus", inputs, f"{name}_stop_cost"),
    }
    costs["passed"] = writer.node("CumSum", [costs["passed"], axis], f"{name}_sum")
    padded = [
        writer.node(
            "Pad",
            [cost, writer.whole_numbers(f"{name}_{part}_pads", _ONE_BESIDE[part])],
            f"{name}_{part}",
        )
        for part, cost in costs.items()
    ]
    cost = writer.node("Add", padded, f"{name}_cost")
    return writer.node(
        "Exp", [writer.node("Neg", [cost], f"{name}_log")], f"{name}_out"
    )


def _second_of_two(writer: GraphWriter, layer: SecondOfTwo, inputs: list[str]) -> str:
    name = layer.name
    second = writer.whole_numbers(f"{name}_second", [1])
    return writer.node("Gather", [*inputs, second], f"{name}_out", axis=1)


# Zeros before and after each axis, as ONNX lists them: rows, columns; rows, columns.
_ONE_BESIDE = {"passed": [0, 1, 0, 0], "stopped": [0, 0, 0, 1]}
_ACTIVATIONS = {"softmax": "Softmax", "sigmoid": "Sigmoid"}
ABSENT = (Augment, keras.layers.Dropout)
WRITERS: dict[type, LayerWriter] = {
    WithMirrorImages: _with_mirror_images,
    Shrink: _shrink,
    keras.layers.Rescaling: _rescaling,
    keras.layers.Conv2D: _convolution,
    keras.layers.BatchNormalization: _batch_norm,  # of networks kept before
    BatchNorm: _batch_norm,
    keras.layers.ReLU: _relu,
    keras.layers.Add: _add,
    keras.layers.GlobalAveragePooling2D: _global_mean,
    keras.layers.AveragePooling2D: _window_mean,
    keras.layers.Flatten: _flatten,
    keras.layers.Dense: _dense,
    Probabilities: _dense,
    StepsToAges: _steps_to_ages,
    SecondOfTwo: _second_of_two,
    MeanOfBoth: _mean_of_both,
}
