"""The model card of a version: written, kept with its run, shown in the registry."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.evaluate.report import Report
    from agegender.model.network import Network
    from agegender.tracking.version import Version

CARD_FILE = "model_card.md"
_KINDS = {".onnx": "ONNX", ".tflite": "LiteRT", ".keras": "Keras"}
_LONGEST_DESCRIPTION = 5000
"""Characters that a registry in PostgreSQL or MySQL takes."""


def card_of(
    version: "Version",
    store: "FaceStore",
    report: "Report",
    gate: str = "",
    *,
    network: "Network | None" = None,
    check: str = "",
) -> str:
    """Write the card of a version or a lone file.

    Args:
        version: Which.
        store: Its test split is what the report is of.
        report: Of the version.
        gate: The table of the gate, where there was one.
        network: That a lone file in another format was made from.
        check: How far the file's answers are from the model's, in words.

    Returns:
        Markdown.
    """
    from agegender.model.network import Network
    from agegender.pages.model_card import Subject, draw_model_card
    from agegender.tracking.registry import download_network, recipe_of

    file = download_network(version)
    network = network or Network.load(file)
    numbered = f"agegender version {version.number}"
    subject = Subject(
        name=numbered if version.number is not None else f"agegender {version.uri}",
        network=_network_facts(file, network)
        | ({"checked against the model": check} if check else {}),
        trained_on=network.metadata.get("trained_on", "Not noted"),
        recipe=recipe_of(version),
        judged_on=f"the test split of {named_split(store, 'test')}",
        gate=gate,
    )
    return draw_model_card(subject, report)


def name_of(store: "FaceStore") -> str:
    """Return what a store is called, from wherever it was named (`.` has no name)."""
    from agegender.data.places import absolute

    return absolute(store.path).name


def named_split(store: "FaceStore", split: str) -> str:
    """Return a store's name and the beginning of the hash of its split."""
    digest = store.split_hash(split).removeprefix("sha256:")[:12]
    return f"{name_of(store)} ({digest})"


def plain_name(store: "FaceStore") -> str:
    """Return a store's name with what MLflow does not take in names replaced."""
    return re.sub(r"[^\w.\- ]", "_", name_of(store))


def _network_facts(file: Path, network: "Network") -> dict[str, str]:
    """Say what a network file is."""
    rule, named = network.crop_rule, network.metadata.get("network", "Wide ResNet")
    kind = _KINDS.get(file.suffix, "SavedModel")
    hashed = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
    return {
        "network": f"{named}, {kind}, {size_of(file) / 1e6:.1f} MB",
        **({"sha256": hashed} if hashed else {}),
        "faces": f"{rule.size} px, RGB, margin {rule.margin:g}, shift {rule.shift:g}",
        "answers": "probabilities of the ages 0 to 100 and of male; told as age is "
        f"the {network.point}",
        "calibrated on": f"{network.calibration.faces:,} validation faces",
    }


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def keep_card(version: "Version", card: str) -> None:
    """Make a card the version's description, and a file of its run."""
    from agegender.pages.model_card import shortened
    from agegender.tracking.registry import describe_version
    from agegender.tracking.runs import reopened_run

    rest = f"The rest is in {CARD_FILE} of the version's run."
    describe_version(version, shortened(card, _LONGEST_DESCRIPTION, rest))
    if version.run_id is not None:
        with reopened_run(version.run_id) as run:
            run.log_text(card, CARD_FILE)
