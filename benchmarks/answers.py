"""Answering faces: in batches against one at a time, as many programs do."""

import tempfile
from pathlib import Path

import numpy as np

from agegender.config import CropRule, ModelConfig
from agegender.model.network import Network
from benchmarks.side_by_side import compare

FACES = 128


def run() -> str:
    """Measure an untrained WRN-10-2 at 64 px; weights do not change the time."""
    from agegender import train  # noqa: F401, PLC0415 - loads Keras quietly
    from agegender.model.export import export_onnx  # noqa: PLC0415
    from agegender.model.wide_resnet import build  # noqa: PLC0415

    model = build(ModelConfig(depth=10, widen_factor=2), 64, None)
    with tempfile.TemporaryDirectory() as folder:
        path = export_onnx(model, Path(folder) / "model.onnx", CropRule(size=64))
        network = Network.load(path)
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (FACES, 64, 64, 3), dtype=np.uint8)
    return compare(
        f"answer {FACES} faces (WRN-10-2, 64 px)",
        FACES,
        {
            "Keras, one at a time": lambda: [
                model(faces[i : i + 1], training=False) for i in range(FACES)
            ],
            "Keras, model.predict": lambda: model.predict(faces, verbose=0),
            "ONNX Runtime, one at a time": lambda: [
                network.predict(faces[i : i + 1]) for i in range(FACES)
            ],
            "ONNX Runtime, in batches (ours)": lambda: network.predict(faces),
        },
    )
