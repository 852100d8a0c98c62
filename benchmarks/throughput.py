"""Faces a processor second by WRN-16-8: Keras, ONNX Runtime, OpenVINO, int8.

Each way takes all cores it likes; what counts is the time of all of them together.
"""

import tempfile
from pathlib import Path

import numpy as np

from agegender.config import CropRule, ModelConfig
from agegender.model.network import Network
from benchmarks.side_by_side import table, timed

FACES, SIDE, ROUNDS = 64, 64, 3


def run() -> str:
    """Measure an untrained network; weights do not change the time."""
    from agegender import train  # noqa: F401, PLC0415 - loads Keras quietly
    from agegender.model.export import export_onnx  # noqa: PLC0415
    from agegender.model.onnx_precision import quantize_file  # noqa: PLC0415
    from agegender.model.wide_resnet import build  # noqa: PLC0415

    model = build(ModelConfig(depth=16, widen_factor=8), SIDE, None)
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (FACES, SIDE, SIDE, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = export_onnx(model, Path(folder) / "model.onnx", CropRule(size=SIDE))
        small = quantize_file(path, Path(folder) / "int8.onnx", faces[:8])
        whole, eight = Network.load(path), Network.load(small)
        openvino = Network.load(path, runtime="openvino")
        eight_openvino = Network.load(small, runtime="openvino")
    ways = {
        "Keras, model.predict, float32": lambda: model.predict(faces, verbose=0),
        "ONNX Runtime, float32 (ours)": lambda: whole.predict(faces),
        "OpenVINO, bfloat16 if it can (ours)": lambda: openvino.predict(faces),
        "ONNX Runtime, int8 (ours)": lambda: eight.predict(faces),
        "OpenVINO, int8 (ours)": lambda: eight_openvino.predict(faces),
    }
    title = f"answer {FACES} faces (WRN-16-8, {SIDE} px)"
    return table(title, FACES, timed(ways, ROUNDS))


if __name__ == "__main__":
    print(run())
