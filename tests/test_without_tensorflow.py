"""The other backend: training and prediction where TensorFlow is not installed.

It is installed here, so a process of its own is told that it is not.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).parents[1]

ABSENT = """
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
"""

TRAINING = """
import importlib
import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from agegender.config import CropRule, Experiment, ModelConfig, TrainingConfig
from agegender.model.export import export_onnx
from agegender.model.network import Network
from agegender.train import fit
from agegender.train.lineage import Lineage
from agegender.train.start import Start
from agegender.train.teachers import Teacher
from storing import write_store

draws = np.random.default_rng(0)
names = [f"face{n}" for n in range(24)]
labels = pd.DataFrame({
    "id": names, "source": "test", "identity": names,
    "age": draws.uniform(1, 99, 24).astype(np.float32),
    "gender": np.resize([0, 1, -1], 24).astype(np.int8),
    "split": np.repeat(["train", "validation", "test"], 8),
})
faces = draws.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
rule = CropRule(size=16)
store = write_store(Path("store"), faces, labels, crop_rule=rule)
training = TrainingConfig(epochs=2, batch_size=8, balance="effective_number", ema=0.5)
experiment = Experiment(model=ModelConfig(10, 1), training=training)
trained = fit(experiment, store)
path = export_onnx(trained.model, "model.onnx", rule)
answers = Network.load(path).predict(faces)
further = replace(training, start_from="model.onnx", frozen_groups=1)
there = ("model.onnx", path, "", "")
lineage = Lineage(Start(*there), (Teacher(*there),))
again = fit(replace(experiment, training=further), store, lineage=lineage)
stems = [one.model.get_layer("stem").get_weights()[0] for one in (trained, again)]
try:
    importlib.import_module("tensorflow")
    tensorflow = "installed"
except ModuleNotFoundError as error:
    tensorflow = str(error)
print(json.dumps({
    "backend": keras.backend.backend(),
    "tensorflow": tensorflow,
    "epochs": len(trained.history),
    "loss": trained.history["loss"].iloc[-1],
    "further_loss": again.history["loss"].iloc[-1],
    "stems_apart": float(np.abs(stems[0] - stems[1]).max()),
    "sums": answers.age_probabilities.sum(axis=1).tolist(),
}))
"""


def test_jax_trains_exports_and_predicts_without_tensorflow(tmp_path: Path) -> None:
    # Python reads this file as it starts, before anything is imported.
    (tmp_path / "sitecustomize.py").write_text(ABSENT)
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # compiles sooner
        "PYTHONPATH": os.pathsep.join(map(str, [tmp_path, PROJECT, PROJECT / "tests"])),
    }
    ended = subprocess.run(
        [sys.executable, "-c", TRAINING],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["backend"] == "jax"
    assert told["tensorflow"] == "No module named 'tensorflow'"
    assert told["epochs"] == 2
    assert told["loss"] > 0
    assert told["further_loss"] > 0
    assert told["stems_apart"] == 0.0
    np.testing.assert_allclose(told["sums"], np.ones(24), atol=1e-4)
