"""What a version answers on a store."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from agegender.errors import DataError, ModelError
from agegender.model.folder import KERAS, network_in
from agegender.model.starter import STARTER
from agegender.progress import Progress

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.evaluate.report import Report
    from agegender.model.network import AgeGender, Answering, Network
    from agegender.tracking.version import Version


def version_of(model: str) -> "Version":
    """Find the version or the file that a person means.

    Args:
        model: As `tracking.version.resolve` has it, a Keras file, or a folder that
            holds a network.

    Raises:
        ModelError: If there is none.
    """
    from agegender.tracking.version import Version, resolve

    if model != STARTER and model and Path(model).is_dir():
        model = str(network_in(Path(model)))
    return Version(model, file=Path(model)) if model.endswith(KERAS) else resolve(model)


def network_of(version: "Version", store: "FaceStore") -> "Network":
    """Load a version's network, to be asked about a store.

    Raises:
        ModelError: If the store's faces were cut by another rule.
    """
    from agegender.model.network import Network
    from agegender.tracking.registry import download_network

    rule, file = store.manifest.crop_rule, download_network(version)
    if file.suffix == KERAS:
        from agegender.model import backend  # noqa: F401 - loads Keras quietly, first
        from agegender.model.keras_file import network_of_noted_keras

        network = network_of_noted_keras(file, unless_noted=rule)
    else:
        network = Network.load(file)
    require_fit(network, version, store)
    return network


def require_fit(network: "Network", version: "Version", store: "FaceStore") -> None:
    """Raise `ModelError` where a store's faces were cut by another rule."""
    wanted, found = asdict(network.crop_rule), asdict(store.manifest.crop_rule)
    if other := [name for name in wanted if wanted[name] != found[name]]:
        known, has = (
            ", ".join(f"{name} {rule[name]}" for name in other)
            for rule in (wanted, found)
        )
        raise ModelError(
            f"{version.uri} was trained on faces cut with {known}, but "
            f"{store.path} has {has}. Prepare a store to match."
        )


def require_faces(store: "FaceStore", split: str) -> None:
    """Raise `DataError` where a split is empty."""
    if len(store.rows(split)) == 0:
        raise DataError(f"{store.path} has no {split} faces. Prepare it with more.")


def answers_of(
    network: "Answering", store: "FaceStore", split: str, progress: Progress
) -> "AgeGender":
    """Return what a network answers on a split.

    Raises:
        DataError: If the split is empty.
    """
    from agegender.evaluate.asking import ask

    require_faces(store, split)
    return ask(network, store, store.rows(split), progress)


def report_of(
    network: "Network",
    store: "FaceStore",
    split: str,
    progress: Progress,
    asked: "Answering | None" = None,
) -> "Report":
    """Measure a network on a split of a store it fits.

    Args:
        network: Which.
        store: The faces.
        split: Which of them.
        progress: Called as faces are answered.
        asked: What answers in its place: a file that was made from it.
    """
    from agegender.evaluate.report import evaluate as measure

    return measure(
        *answers_of(asked or network, store, split, progress),
        store.labels.iloc[store.rows(split)],
        store.labels.iloc[store.rows("train")],
        calibration=network.calibration,
        point=network.point,
    )
