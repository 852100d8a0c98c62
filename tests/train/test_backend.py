"""Keras on a backend that is not there, or that learns nothing: one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "says"),
    [("abacus", "Keras cannot be loaded: "), ("numpy", "nothing can be learnt on ")],
)
def test_backend_that_cannot_train_is_one_line(name: str, says: str) -> None:
    environment = {"KERAS_BACKEND": name, "PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(
        [sys.executable, "-c", "import agegender.train"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    told = ended.stderr.splitlines()[-1]
    assert told.startswith(f"agegender.errors.ConfigError: {says}")
    assert "tensorflow or jax. Received: " in told
    assert told.endswith(f"{name}.")
