"""A network in the formats that Keras writes, each with our notes inside.

The notes are one JSON object, `agegender.json`: what an ONNX file of ours has in its
metadata. A `.keras` file is a zip archive, and holds it as a member; a LiteRT file gets
a zip archive appended, which its readers pass over and `unzip` opens; a SavedModel
keeps it where such files belong, in `assets.extra`.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from agegender.config import Precision
from agegender.model.keras_network import backend

NOTES = "agegender.json"
_PARSED = ("crop_rule", "genders", "ages", "calibration", "check")


def write_saved_model(model: keras.Model, folder: Path) -> None:
    """Write a SavedModel, whose endpoint `serve` takes faces.

    Raises:
        ConfigError: If Keras runs on another backend than TensorFlow.
    """
    backend()
    model.export(folder, format="tf_saved_model", verbose=False)


def write_litert(
    model: keras.Model,
    path: Path,
    precision: Precision,
    faces: NDArray[np.uint8] | None = None,
) -> None:
    """Write a LiteRT file.

    Args:
        model: As `rebuilt.rebuild` returns it.
        path: Where to; ends in `.tflite`.
        precision: `float16` keeps the kernels so and computes in float32; `int8`
            computes in eight bits.
        faces: uint8 (N, S, S, 3), for int8 the faces to read the ranges off.

    Raises:
        ConfigError: If Keras runs on another backend than TensorFlow.
    """
    tensorflow = backend()
    smaller: dict[str, Any] = {}
    if precision != "float32":
        smaller["optimizations"] = [tensorflow.lite.Optimize.DEFAULT]
    if precision == "float16":
        smaller["target_spec"] = {"supported_types": [tensorflow.float16]}
    if precision == "int8":
        smaller["representative_dataset"] = lambda: _one_by_one(faces)
    model.export(path, format="litert", verbose=False, **smaller)


def note_in_keras_format(path: Path, notes: Mapping[str, str]) -> None:
    """Put our notes into a file, or a SavedModel's folder, that was just written."""
    text = json.dumps(
        {name: json.loads(t) if name in _PARSED else t for name, t in notes.items()},
        indent=2,
    )
    if path.is_dir():
        (path / "assets.extra").mkdir()
        (path / "assets.extra" / NOTES).write_text(text, "utf-8")
        return
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(NOTES, text)


def _one_by_one(faces: NDArray[np.uint8] | None) -> Iterator[list[NDArray[np.uint8]]]:
    for start in range(0 if faces is None else len(faces)):
        yield [faces[start : start + 1]]  # type: ignore[index]
