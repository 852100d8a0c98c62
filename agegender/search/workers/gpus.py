"""Which GPU each worker gets to see."""

import os
import shutil
import subprocess

VISIBLE = "CUDA_VISIBLE_DEVICES"

SHARED = {
    # A framework takes all memory of its GPU at once, unless told.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


def gpu_settings(workers: int) -> list[dict[str, str]]:
    """Return the environment of each worker: one GPU, where there are any.

    More workers than GPUs share them, one after the other; each then takes memory
    as it needs it.

    Args:
        workers: How many.
    """
    gpus = _gpus()
    if not gpus:
        return [{}] * workers
    shared = SHARED if workers > len(gpus) else {}
    return [{VISIBLE: gpus[i % len(gpus)], **shared} for i in range(workers)]


def _gpus() -> list[str]:
    """Return the GPUs by number or name: those that the user chose, else all."""
    chosen = os.environ.get(VISIBLE)
    if chosen is None:
        return _all_gpus()
    gpus: list[str] = []
    for name in filter(None, map(str.strip, chosen.split(","))):
        if name == "-1":
            break  # CUDA reads no further; `-1` alone says: none.
        gpus.append(name)
    return gpus


def _all_gpus() -> list[str]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    ask = [program, "--query-gpu=index", "--format=csv,noheader"]
    try:
        answer = subprocess.run(  # noqa: S603 - the driver's own program
            ask, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []  # No driver: nor will a framework find any.
    return answer.stdout.split()
