"""Faces whose colour tells age and gender, and a training that takes seconds."""

import numpy as np
import pandas as pd
import pytest
from storing import write_store

from agegender.config import (
    CropRule,
    Experiment,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from agegender.data.store import FaceStore


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    """Return 64 training, 16 validation and 16 test faces of 16 px."""
    count, draws = 96, np.random.default_rng(0)
    age = draws.uniform(1, 99, count).astype(np.float32)
    gender = draws.integers(0, 2, count).astype(np.int8)
    faces = draws.integers(0, 60, (count, 16, 16, 3))
    faces[..., 0] += (1.9 * age).astype(int)[:, None, None]
    faces[..., 1] += 150 * gender.astype(int)[:, None, None]
    names = [f"face{n}" for n in range(count)]
    labels = pd.DataFrame(
        {
            "id": names,
            "source": "test",
            "identity": names,
            "age": age,
            "gender": gender,
            "split": np.repeat(["train", "validation", "test"], [64, 16, 16]),
        }
    )
    out = tmp_path_factory.mktemp("tiny") / "store"
    return write_store(out, faces.astype(np.uint8), labels, crop_rule=CropRule(size=16))


@pytest.fixture(scope="session")
def tiny_experiment() -> Experiment:
    """Return three epochs of WRN-10-1."""
    return Experiment(
        model=ModelConfig(10, 1),
        optimizer=OptimizerConfig(learning_rate=0.02),
        training=TrainingConfig(epochs=3, batch_size=16, precision="float32"),
    )
