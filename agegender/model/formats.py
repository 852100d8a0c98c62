"""Every format that a network is exported in: written, noted in, and asked."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agegender.config import ExportFormat, Precision
from agegender.errors import ModelError
from agegender.model.network import Answering, Network


def write_format(
    source: Path,
    out: Path,
    form: ExportFormat,
    precision: Precision,
    faces: NDArray[np.uint8] | None = None,
) -> None:
    """Write an exported network in another format or precision.

    Args:
        source: As `export_onnx` or `halve_file` wrote it.
        out: Where to, the ending being that of the format.
        form: Which format.
        precision: One that there is of it.
        faces: uint8 (N, S, S, 3), for int8 the faces to read the ranges off.

    Raises:
        ModelError: If the network is in int8 already, or cannot be turned back.
        ConfigError: If Keras' backend cannot write it.
    """
    if Network.load(source).metadata.get("precision") == "int8":
        raise ModelError(
            f"{source} is in int8, from which nothing finer can be made. Name the "
            "network that it was made from."
        )
    if form == "onnx":
        _write_onnx(source, out, precision, faces)
        return
    from agegender.model import keras_formats as writers  # noqa: PLC0415 - Keras
    from agegender.model.files import save_model  # noqa: PLC0415
    from agegender.model.rebuilt import rebuild  # noqa: PLC0415

    model = rebuild(source)
    match form:
        case "keras":
            save_model(model, out)
        case "saved-model":
            writers.write_saved_model(model, out)
        case "litert":
            writers.write_litert(model, out, precision, faces)


def open_format(path: Path, form: ExportFormat, source: Network) -> Answering:
    """Open what `write_format` wrote, to be asked.

    Args:
        path: Where it is.
        form: Its format.
        source: The network that it was made from, whose calibration it takes.
    """
    if form == "onnx":
        return Network.load(path)
    from agegender.model.files import load_model  # noqa: PLC0415 - Keras
    from agegender.model.keras_network import KerasNetwork  # noqa: PLC0415

    fitted = source.calibration
    match form:
        case "keras":
            return KerasNetwork.of_model(load_model(path), fitted)
        case "saved-model":
            return KerasNetwork.of_saved_model(path, fitted)
        case "litert":
            return KerasNetwork.of_litert(path, fitted)


def note_in(path: Path, form: ExportFormat, notes: Mapping[str, str]) -> None:
    """Put metadata into what `write_format` wrote.

    Args:
        path: Where it is.
        form: Its format.
        notes: Texts by name, such as `crop_rule`; those of an ONNX file add to what
            it holds already.
    """
    if form == "onnx":
        from agegender.model.export import note_in_file  # noqa: PLC0415 - Keras

        note_in_file(path, notes)
        return
    from agegender.model.keras_formats import note_in_keras_format  # noqa: PLC0415

    note_in_keras_format(path, notes)


def _write_onnx(
    source: Path, out: Path, precision: Precision, faces: NDArray[np.uint8] | None
) -> None:
    from agegender.model import onnx_precision  # noqa: PLC0415 - onnx is slow to load

    match precision:
        case "float32":
            onnx_precision.widen_file(source, out)
        case "float16":
            onnx_precision.halve_file(source, out)
        case "int8":
            none = np.empty((0, 1, 1, 3), np.uint8)
            onnx_precision.quantize_file(source, out, none if faces is None else faces)
