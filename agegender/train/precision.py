"""Which number format trains fastest here without training worse.

bfloat16 keeps float32's range, so it needs no loss scaling; weights stay float32.
It only pays where the hardware multiplies it natively.
"""

import importlib
from pathlib import Path

import keras

CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
CPU_INFO = Path("/proc/cpuinfo")
LEAST_COMPUTE_CAPABILITY = 8


def dtype_policy(wanted: str) -> str:
    """Return the Keras dtype policy for a precision setting.

    Args:
        wanted: `auto`, `float32` or `mixed_bfloat16`.
    """
    if wanted != "auto":
        return wanted
    return "mixed_bfloat16" if _gains() else "float32"


def _gains() -> bool:
    """Tell whether the device that will train multiplies bfloat16 natively."""
    device = accelerator()
    if device == "tpu":
        return True
    if device == "gpu":
        return compute_capability() >= LEAST_COMPUTE_CAPABILITY
    # Of the backends, only TensorFlow's convolutions use what such a CPU has.
    return keras.backend.backend() == "tensorflow" and cpu_has_bfloat16(CPU_INFO)


def accelerator() -> str:
    """Return `gpu`, `tpu` or `cpu`: the kind of device that trains."""
    return str(keras.distribution.list_devices()[0]).split(":", 1)[0].lower()


def cpu_has_bfloat16(cpu_info: Path) -> bool:
    """Read from Linux' list of CPU flags; elsewhere there is no such file."""
    try:
        text = cpu_info.read_text(encoding="utf-8")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return not CPU_FLAGS.isdisjoint(flags.split())


def compute_capability() -> int:
    """Return the major compute capability of the GPU; 0 where it has none."""
    name = keras.backend.backend()
    backend = importlib.import_module(name)
    if name == "tensorflow":
        gpu = backend.config.list_physical_devices("GPU")[0]
        details = backend.config.experimental.get_device_details(gpu)
        return int(details.get("compute_capability", (0, 0))[0])
    if name == "jax":
        found = getattr(backend.devices()[0], "compute_capability", "0")
        return int(str(found).split(".", 1)[0])
    return int(backend.cuda.get_device_capability()[0])
