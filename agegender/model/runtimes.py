"""What runs an exported network: ONNX Runtime, or OpenVINO where it is installed.

ONNX Runtime is given faces in portions, each core its own: cores that share each
convolution wait for each other, and a face takes a seventh more of their time.
"""

import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from agegender.config import MAX_AGE, Runtime
from agegender.cores import usable_cores
from agegender.errors import ConfigError, ModelError, first_line
from agegender.model.lone_file import require_lone

PORTION = 16
"""Most faces that a core is given at a time: more bring no speed, and take memory."""

CERTAIN = 1.01
"""Largest probability, as bfloat16 may round it."""

OUTPUTS: Final = ["age", "gender"]

Raw = tuple[NDArray[np.float32], NDArray[np.float32]]
Run = Callable[[NDArray[np.uint8]], Raw]


class Opened(NamedTuple):
    """A network, ready to be asked."""

    run: Run  # safe across threads
    properties: Mapping[str, str]  # the file's metadata


def open_network(path: Path, runtime: Runtime, threads: int | None = None) -> Opened:
    """Open an ONNX file.

    Args:
        path: Where it is.
        runtime: What runs it. `openvino` computes in bfloat16 where the processor
            can.
        threads: Cores to use; None for all.

    Raises:
        ModelError: If the file is no ONNX network, or not all of one.
        ConfigError: If the runtime is not installed.
    """
    require_lone(path)
    try:
        opened = _OPENERS[runtime](path, threads or usable_cores())
    except UnicodeError as error:
        raise ModelError(
            f"{path} is not an ONNX network: its metadata are no text."
        ) from error
    return opened._replace(run=_sound(opened.run, path))


def _sound(run: Run, path: Path) -> Run:
    """Raise `ModelError` where a network cannot answer, or answers another way."""

    def ask(faces: NDArray[np.uint8]) -> Raw:
        try:
            ages, male = (np.asarray(told, np.float32) for told in run(faces))
        # The errors of runtimes share no public base; somebody's network may ask for
        # more memory than there is.
        except Exception as error:
            raise ModelError(f"{path} cannot answer: {first_line(error)}") from error
        count = len(faces)
        if ages.shape != (count, MAX_AGE + 1) or male.shape != (count,):
            raise ModelError(
                f"{path} is no network of ours: it answers {count} faces by ages "
                f"{ages.shape} and genders {male.shape}."
            )
        within = (((told >= 0) & (told <= CERTAIN)).all() for told in (ages, male))
        if not all(within):  # NaN is not, either
            raise ModelError(
                f"{path} is damaged or no network of ours: it answers no probabilities."
            )
        return ages, male

    return ask


def _onnxruntime(path: Path, threads: int) -> Opened:
    gpu = "CUDAExecutionProvider"
    if gpu in onnxruntime.get_available_providers():
        session = _session(path, threads, gpu)
        run = _asking(session)
    else:
        session = _session(path, threads=1)
        run = _on_cores(_asking(session), threads)
    return Opened(run, session.get_modelmeta().custom_metadata_map)


def _on_cores(ask: Run, cores: int) -> Run:
    """Share faces among cores, each face the business of one."""

    def shared(faces: NDArray[np.uint8]) -> Raw:
        portion = min(PORTION, math.ceil(len(faces) / cores))
        if portion == len(faces):
            return ask(faces)
        parts = [faces[i : i + portion] for i in range(0, len(faces), portion)]
        with ThreadPoolExecutor(min(cores, len(parts))) as pool:
            ages, male = zip(*pool.map(ask, parts), strict=True)
        return np.concatenate(ages), np.concatenate(male)

    return shared


def _session(
    path: Path, threads: int, provider: str = "CPUExecutionProvider"
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    providers = list(dict.fromkeys([provider, "CPUExecutionProvider"]))
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    # The errors of onnxruntime share no public base of their own.
    except Exception as error:
        raise ModelError(
            f"{path} is not an ONNX network: {first_line(error)}"
        ) from error


def _asking(session: onnxruntime.InferenceSession) -> Run:
    def ask(faces: NDArray[np.uint8]) -> Raw:
        ages, male = session.run(OUTPUTS, {"faces": np.ascontiguousarray(faces)})
        return ages, male

    return ask


def _openvino(path: Path, threads: int) -> Opened:
    try:
        import openvino  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            'openvino is not installed. Install it: pip install "agegender[openvino]", '
            "or leave --runtime out."
        ) from error
    core = openvino.Core()
    fast = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if fast else "f32",
        "INFERENCE_NUM_THREADS": threads,
    }
    try:
        model = core.read_model(str(path))
        compiled = core.compile_model(model, "CPU", settings)
    except RuntimeError as error:
        raise ModelError(
            f"{path} is not an ONNX network: {_last_line(error)}"
        ) from error
    has_notes = model.has_rt_info("framework")
    kept = model.get_rt_info("framework").value if has_notes else {}
    properties = {name: str(value) for name, value in kept.items()}
    return Opened(_inferring(compiled), properties)


def _inferring(compiled: Any) -> Run:
    own = threading.local()

    def ask(faces: NDArray[np.uint8]) -> Raw:
        # A request answers one thread at a time.
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        try:
            found = own.request.infer({"faces": np.ascontiguousarray(faces)})
        except RuntimeError as error:
            raise RuntimeError(_last_line(error)) from error
        ages, male = (np.array(found[name]) for name in OUTPUTS)
        return ages, male

    return ask


def _last_line(error: RuntimeError) -> str:
    """Return why OpenVINO failed: lines before it tell where in its code."""
    return str(error).strip().rsplit("\n", 1)[-1]


_OPENERS: Final[dict[Runtime, Callable[[Path, int], Opened]]] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
}
