"""From a version to a file of its own: `export`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agegender.config import SUFFIXES, ExportFormat, Precision, require_offered
from agegender.errors import ConfigError, DataError
from agegender.notice import NOTICE
from agegender.progress import Progress, silent
from agegender.steps.answering import report_of, require_faces, require_fit
from agegender.steps.card import card_of, size_of
from agegender.steps.checking import Checked, checked, ranging_faces
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.model.network import Network
    from agegender.tracking.version import Version

CARD = "MODEL_CARD.md"


def export(
    model: str,
    out: str,
    format: ExportFormat = "onnx",  # noqa: A002 - the option is called so
    precision: Precision = "float32",
    store: str | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Write a model's network to a file, checked against the model.

    Args:
        model: models:/agegender@alias, models:/agegender/3, a .onnx file or `starter`.
        out: Where to: an .onnx, .tflite or .keras file, replaced if present, or for
            saved-model a folder that is not there yet.
        format: What runs it: ONNX Runtime and OpenVINO, LiteRT on phones, Keras, or
            TensorFlow.
        precision: `float16` keeps kernels at half the size, `int8` computes in eight
            bits too and needs a store; onnx and litert alone come in all three.
        store: Face store whose validation faces the file is checked on, and whose
            test split the figures of its model card are of; without it the check is
            made on a few drawn faces, and no card is written.
        progress: Called as faces are answered.

    Returns:
        Where the file and the card, MODEL_CARD.md beside it, are, and how far its
        answers are from the model's.
    """
    from agegender.data.store import FaceStore
    from agegender.model.network import Network
    from agegender.tracking.registry import download_network
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.version import resolve

    path = _place(out, format)
    require_offered(format, precision)
    faces = None if store is None else FaceStore.open(store)
    if precision == "int8" and faces is None:
        raise ConfigError("int8 is fitted to faces: name a --store. Received: none.")
    use_tracking_store()
    version = resolve(model)
    network = Network.load(download_network(version))
    if faces is not None:
        require_fit(network, version, faces)
        for split in ("validation", "test"):
            require_faces(faces, split)
    with _writable(path):
        if faces is not None:
            _require_own_card(path)
        check = _write(version, network, path, (format, precision), faces, progress)
    data = {"file": str(path), "check": asdict(check)}
    text = f"{path}, {size_of(path) / 1e6:.1f} MB. {check.told()}"
    if faces is not None:
        card = _write_card(version, network, path, format, faces, check, progress)
        data["card"] = str(card)
        text += f" Its card: {card}"
    return Outcome(data, text)


def _place(out: str, form: ExportFormat) -> Path:
    """Return where to write, or say why it cannot be there."""
    path, suffix = Path(out), SUFFIXES[form]
    if form == "saved-model" and path.exists():
        raise ConfigError(
            f"out must be the name of a new folder for saved-model. Received: {out}."
        )
    if suffix and (path.suffix != suffix or path.is_dir()):
        raise ConfigError(
            f"out must be the name of an {suffix} file for {form}. Received: {out}."
        )
    return path


def _require_own_card(path: Path) -> None:
    """Raise `DataError` where the card would replace somebody's own."""
    card = path.with_name(CARD)
    if card.exists() and not card.read_bytes().startswith(b"# agegender "):
        raise DataError(f"{card} is no card of ours; it stays. Move it away.")


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}. Name another --out."
        ) from error


def _write(
    version: "Version",
    network: "Network",
    path: Path,
    kind: tuple[ExportFormat, Precision],
    store: "FaceStore | None",
    progress: Progress,
) -> Checked:
    """Write the file, ask it, note in it what it is; only then it gets its name."""
    from agegender import train  # noqa: F401 - loads Keras quietly
    from agegender.model import formats
    from agegender.tracking.registry import download_network
    from agegender.whole import part_of

    (form, precision), source = kind, download_network(version)
    with part_of(path) as part:
        shown = ranging_faces(store) if store and precision == "int8" else None
        formats.write_format(source, part, form, precision, shown)
        opened = formats.open_format(part, form, network)
        check = checked(version, network, opened, precision, store, progress)
        notes = {
            "precision": precision,
            "check": json.dumps(asdict(check)),
            "limits": NOTICE,
        }
        formats.note_in(part, form, network.metadata | notes)
    return check


def _write_card(
    version: "Version",
    network: "Network",
    path: Path,
    form: ExportFormat,
    store: "FaceStore",
    check: Checked,
    progress: Progress,
) -> Path:
    """Write the card; its figures are the file's own, rounding and all."""
    from agegender.model.formats import open_format
    from agegender.pages.write import write_text

    opened = open_format(path, form, network)
    report = report_of(network, store, "test", progress, asked=opened)
    card = path.with_name(CARD)
    file = replace(version, uri=path.name, number=None, file=path)
    text = card_of(file, store, report, network=network, check=check.told())
    write_text(text, card)
    return card
