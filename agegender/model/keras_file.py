"""A Keras file that says itself how its faces were cut.

Such a file is written by `export`, with our notes inside (see `keras_formats`).
"""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from agegender.config import CropRule, Runtime
from agegender.errors import AgeGenderError, ModelError
from agegender.model.calibration import Calibration
from agegender.model.export import network_of_keras
from agegender.model.keras_claims import require_room
from agegender.model.keras_formats import NOTES
from agegender.model.network import Network, point_of, require_order


def network_of_noted_keras(
    path: Path,
    runtime: Runtime = "onnxruntime",
    unless_noted: CropRule | None = None,
) -> Network:
    """Return the network of a Keras file, calibrated as it says.

    Args:
        path: The `.keras` file.
        runtime: What runs it, once it is exported.
        unless_noted: How its faces are taken to be cut where it has no notes: Keras
            itself writes none.

    Raises:
        ModelError: If there is no such file, it is not ours, or does not say how its
            faces were cut: a guess would give worse answers without a sign of it.
    """
    notes = _notes(path)
    if notes is None:
        if unless_noted is None:
            raise _silent(path)
        return network_of_keras(path, unless_noted, runtime)
    try:
        network = network_of_keras(path, crop_rule_of(path, notes), runtime)
        network.point = point_of(path, notes)
        require_order(path, notes["genders"])
        if "calibration" in notes:
            network.calibration = Calibration.from_json(
                json.dumps(notes["calibration"])
            )
    except ModelError:
        raise
    except (LookupError, TypeError, ValueError, AgeGenderError) as error:
        raise _silent(path) from error
    return network


def read_notes(path: Path) -> dict[str, Any]:
    """Return what `export` noted in a Keras file.

    Raises:
        ModelError: If there is no such file, or it has no such notes.
    """
    notes = _notes(path)
    if notes is None:
        raise _silent(path)
    return notes


def _notes(path: Path) -> dict[str, Any] | None:
    try:
        with zipfile.ZipFile(path) as archive:
            require_room(archive)
            if NOTES not in archive.namelist():
                return None
            notes: dict[str, Any] = json.loads(archive.read(NOTES))
    except FileNotFoundError as error:
        raise ModelError(f"no network at {path}. Name one that is there.") from error
    # Encrypted, or nested too deeply; packed by damaged means.
    except (OSError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} is not a Keras network: {error}") from error
    except (LookupError, ValueError) as error:
        raise _silent(path) from error
    return notes


def crop_rule_of(path: Path, notes: dict[str, Any]) -> CropRule:
    """Return how the faces of a Keras file were cut.

    Args:
        path: The `.keras` file.
        notes: As `read_notes` returns them.

    Raises:
        ModelError: If they do not say.
    """
    try:
        return CropRule(**notes["crop_rule"])
    except (LookupError, TypeError, AgeGenderError) as error:
        raise _silent(path) from error


def _silent(path: Path) -> ModelError:
    return ModelError(
        f"{path} does not say how the faces it learnt from were cut ({NOTES} inside "
        "it). Name its version, or the .onnx file that was exported of it."
    )
