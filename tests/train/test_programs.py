"""What XLA compiled once serves trainings to come. JAX, so in processes of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from agegender.data.store import FaceStore

PREAMBLE = """
import json
import sys
from dataclasses import replace
from pathlib import Path

import jax

from agegender.config import (
    Experiment, ModelConfig, OptimizerConfig, TrainingConfig
)
from agegender.data.store import FaceStore
from agegender.train import fit, keep_programs
"""

TRAININGS = (
    PREAMBLE
    + """
folder = Path("compiled")
keep_programs(folder, "gpu")
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
store = FaceStore.open(sys.argv[1])

def programs_after(rate, epochs, seed, width):
    experiment = Experiment(
        seed=seed,
        model=ModelConfig(10, width),
        optimizer=OptimizerConfig(learning_rate=rate),
        training=TrainingConfig(epochs=epochs, batch_size=16),
    )
    trained = fit(experiment, store)
    rates = list(trained.history["learning_rate"])
    steps = {one.name for one in folder.glob("jit_train_step*-cache")}
    return len(steps), rates

print(json.dumps([
    programs_after(0.1, 1, 0, 1),
    programs_after(0.05, 2, 1, 1),
    programs_after(0.1, 1, 0, 2),
]))
"""
)


def run_on_jax(script: str, *arguments: str, folder: Path, **settings: str) -> Any:
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",  # compiles sooner
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **settings,
    }
    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_other_rate_length_and_seed_need_no_other_program(
    tiny_store: FaceStore, tmp_path: Path
) -> None:
    first, second, wider = run_on_jax(TRAININGS, str(tiny_store.path), folder=tmp_path)
    assert first[0] == second[0] == 1
    assert wider[0] == 2
    # The rate is told at the end of an epoch: nothing is left of it after the last.
    assert first[1] == [0.0]
    assert 0.0 < second[1][0] < 0.05
    assert second[1][1] == 0.0


def test_folder_is_kept_where_the_user_or_the_device_says(tmp_path: Path) -> None:
    told = """
keep_programs(Path("ours"), *sys.argv[1:])
print(json.dumps(jax.config.jax_compilation_cache_dir))
"""
    script = PREAMBLE + told
    assert run_on_jax(script, "gpu", folder=tmp_path) == "ours"
    assert run_on_jax(script, folder=tmp_path) is None  # a CPU
    chosen = {"JAX_COMPILATION_CACHE_DIR": "theirs"}
    assert run_on_jax(script, "gpu", folder=tmp_path, **chosen) == "theirs"
