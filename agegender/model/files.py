"""The network as a `.keras` file.

Loading needs our layers, losses and metrics registered first, which importing
this module does.
"""

import os
import zipfile
import zlib
from pathlib import Path

import keras

from agegender.errors import ModelError
from agegender.model import augment, heads, losses, metrics, mirrored, norm, shrink
from agegender.model.keras_claims import require_honest

REGISTERED = (
    *(augment.Augment, norm.BatchNorm, shrink.Shrink),
    *(mirrored.WithMirrorImages, mirrored.MeanOfBoth),
    *(heads.Probabilities, heads.StepsToAges, heads.SecondOfTwo),
    *(losses.AgeLoss, losses.GenderLoss, metrics.Accuracy),
)

_UNFIT = (
    *(ValueError, TypeError, OSError, LookupError, AttributeError),
    *(RecursionError, zipfile.BadZipFile, zlib.error),
)
"""What is raised of files that are none of Keras', or are damaged."""


def save_model(model: keras.Model, path: str | Path) -> Path:
    """Write a network, whole or not at all.

    Args:
        model: The network, compiled or not.
        path: Ends in `.keras`; replaced if present.

    Returns:
        The path.

    Raises:
        ModelError: If the name ends otherwise.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ModelError(
            f"a Keras network's name must end in .keras. Received: {path}."
        )
    part = path.with_name(f".{path.stem}.{os.getpid()}.keras")
    try:
        model.save(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def load_model(path: str | Path) -> keras.Model:
    """Read a network back, not compiled, however it was saved.

    A compiled one within another would count its own figures among the other's.

    Args:
        path: A `.keras` file.

    Raises:
        ModelError: If it is missing, is no Keras file, or claims far more than it
            holds.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"no network at {path}. Give the path of a .keras file.")
    try:
        require_honest(path)
        return keras.models.load_model(path, compile=False)
    except _UNFIT as error:
        line = str(error).strip().split("\n", 1)[0]
        raise ModelError(f"{path} is not a Keras network: {line}") from error
