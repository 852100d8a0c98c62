"""The network inside a folder: one that MLflow keeps a model in, or an export's."""

from pathlib import Path
from typing import Final

from agegender.errors import ModelError

NOTE: Final = "MLmodel"
"""File in which MLflow says what a model's folder holds."""

KERAS: Final = ".keras"

ENDINGS: Final = (".onnx", KERAS)
"""Networks that can be asked, the one to be preferred first."""


def network_in(folder: Path) -> Path:
    """Return the network's file.

    Args:
        folder: As MLflow stores or fetches a model, or one that holds one network.

    Raises:
        ModelError: If it holds none, or several.
    """
    if (folder / NOTE).is_file():
        return _noted(folder)
    for ending in ENDINGS:
        # A hidden one is half of a network, or what a file system notes of one.
        found = sorted(folder.glob(f"[!.]*{ending}"))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(file.name for file in found)
            raise ModelError(f"{folder} holds several networks: name one of {names}.")
    raise ModelError(
        f"{folder} holds no network ({', '.join(ENDINGS)}). Name the folder of a model."
    )


def _noted(folder: Path) -> Path:
    import yaml  # noqa: PLC0415 - a tenth of what a first answer takes

    try:
        note = yaml.safe_load((folder / NOTE).read_text("utf-8"))
        kept = note["flavors"]["python_function"]["artifacts"]["network"]["path"]
        return folder / kept
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
    ) as error:
        raise ModelError(
            f"{folder} is an MLflow model that holds no network of ours. Train one."
        ) from error
