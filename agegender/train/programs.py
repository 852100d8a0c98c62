"""Where the programs stay that XLA makes of a training's steps.

On a GPU that takes about as long as many epochs: 40 to 100 seconds for WRN-16-8.
Another seed, rate or number of epochs of the same network needs the same program.
"""

import importlib
from pathlib import Path

import keras

from agegender.train.precision import accelerator


def keep_programs(folder: Path, device: str | None = None) -> None:
    """Let JAX keep in a folder what it compiles, and look there first.

    Does nothing where the user has chosen a folder (`JAX_COMPILATION_CACHE_DIR`), with
    another backend, or on a CPU, where compiling is brief and a program that another
    processor's was made for may not run.

    Args:
        folder: Made when there is something to keep. Trainings at the same time may
            share it, and it may be removed at any time.
        device: Kind of device that trains, as `accelerator` tells it, and asks it
            where none is given.
    """
    if keras.backend.backend() != "jax" or (device or accelerator()) == "cpu":
        return
    settings = importlib.import_module("jax").config
    if settings.jax_compilation_cache_dir is None:
        settings.update("jax_compilation_cache_dir", str(folder))
