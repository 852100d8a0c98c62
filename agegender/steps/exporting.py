"""From a version to a file of its own: `export`."""

import shutil
from dataclasses import replace
from pathlib import Path

from agegender.errors import ConfigError, DataError
from agegender.progress import Progress, silent
from agegender.steps.answering import network_of, report_of
from agegender.steps.card import card_of
from agegender.steps.outcome import Outcome

CARD = "MODEL_CARD.md"


def export(
    model: str,
    out: str,
    store: str | None = None,
    half: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Write a model's network as an ONNX file, with its model card.

    Args:
        model: models:/agegender@alias, models:/agegender/3, a .onnx file or `starter`.
        out: The .onnx file to write; replaced if present.
        store: Face store whose test split the card's figures are of; without it no
            card is written.
        half: Keep kernels in float16, for half the size.
        progress: Called as faces are answered.

    Returns:
        Where the file and the card, MODEL_CARD.md beside it, are.
    """
    from agegender.data.store import FaceStore
    from agegender.model.export import halve_file
    from agegender.pages.write import write_text
    from agegender.tracking.registry import download_network, resolve
    from agegender.tracking.store import use_tracking_store

    path = Path(out)
    if path.suffix != ".onnx":
        raise ConfigError(f"out must be the name of an .onnx file. Received: {out}.")
    faces = None if store is None else FaceStore.open(store)
    use_tracking_store()
    version = resolve(model)
    network = download_network(version)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if half:
            halve_file(network, path)
        else:
            unfinished = path.with_name(f".{path.name}.partial")
            shutil.copyfile(network, unfinished)
            unfinished.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}. Name another --out."
        ) from error
    data, text = {"file": str(path)}, f"{path}, {path.stat().st_size / 1e6:.1f} MB"
    if faces is not None:
        # The figures are to be those of the file itself, rounding and all.
        file = replace(version, uri=path.name, number=None, file=path)
        report = report_of(network_of(file, faces), faces, "test", progress)
        card = path.with_name(CARD)
        write_text(card_of(file, faces, report), card)
        data["card"] = str(card)
        text += f", and its card, {card}"
    return Outcome(data, text)
