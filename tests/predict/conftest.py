"""A real network in ONNX whose answers can be told by eye.

It calls a face as old as it is bright and as male: black is 0 years and female,
white 100 years and male. So every answer shows which face it belongs to.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from agegender.detect import MtcnnDetector
from agegender.model.network import Network

SIDE = 16


@pytest.fixture(scope="session")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the network that reads brightness."""
    path = tmp_path_factory.mktemp("network") / "brightness.onnx"
    onnx.save(brightness_graph(), path)
    return path


@pytest.fixture(scope="session")
def network(network_file: Path) -> Network:
    """Return the network that reads brightness."""
    return Network.load(network_file, threads=1)


@pytest.fixture
def mode_network(tmp_path: Path) -> Network:
    """Return the same network, which tells the likeliest year instead of the mean."""
    graph = brightness_graph()
    graph.metadata_props.add(key="agegender.point", value="mode")
    onnx.save(graph, tmp_path / "mode.onnx")
    return Network.load(tmp_path / "mode.onnx", threads=1)


@pytest.fixture(scope="session")
def detector() -> MtcnnDetector:
    return MtcnnDetector()


def brightness_graph() -> onnx.ModelProto:
    node = helper.make_node
    nodes = [
        node("Cast", ["faces"], ["pixels"], to=TensorProto.FLOAT),
        node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3], keepdims=0),
        node("Div", ["mean", "white"], ["gender"]),
        node("Mul", ["gender", "hundred"], ["years"]),
        node("Unsqueeze", ["years", "axis"], ["column"]),
        node("Sub", ["ages", "column"], ["away"]),
        node("Mul", ["away", "away"], ["far"]),
        node("Neg", ["far"], ["near"]),
        node("Softmax", ["near"], ["age"], axis=1),
    ]
    constants = {
        "white": np.float32(255),
        "hundred": np.float32(100),
        "axis": np.array([1]),
        "ages": np.arange(101, dtype=np.float32),
    }
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "brightness",
        [value("faces", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [
            value("age", TensorProto.FLOAT, ["n", 101]),
            value("gender", TensorProto.FLOAT, ["n"]),
        ],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    rule = json.dumps({"margin": 0.4, "size": SIDE})
    genders = json.dumps(["female", "male"])
    helper.set_model_props(
        model, {"agegender.crop_rule": rule, "agegender.genders": genders}
    )
    return model
