"""Keras on a backend that is not there, or that learns nothing: one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agegender.errors import ConfigError

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


@pytest.mark.parametrize(
    "command",
    [
        ["import-weights", "none.hdf5"],
        ["predict", str(Path(__file__)), "--model", "none.keras"],
    ],
)
def test_command_that_reads_old_networks_needs_a_backend(command: list[str]) -> None:
    environment = {"KERAS_BACKEND": "abacus", "PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(
        [sys.executable, "-m", "agegender", *command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == ConfigError.exit_code
    assert ended.stderr.startswith("agegender: Keras cannot be loaded: ")
