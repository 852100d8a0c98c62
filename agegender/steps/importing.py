"""From the weights of an older project to a version of ours: `import_weights`."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agegender.config import CropRule
from agegender.notice import NOTICE
from agegender.progress import Progress, silent
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    import keras

    from agegender.tracking.version import Version

TERMS = (
    "Weights of an older project: their licence, and the terms of the data that they "
    "were trained on, go with them."
)


def import_weights(
    file: str,
    genders: Literal["female-male", "male-female"] = "female-male",
    margin: float = CropRule.margin,
    shift: float = CropRule.shift,
    progress: Progress = silent,
) -> Outcome:
    """Register the weights of an old Keras age and gender network as challenger.

    Args:
        file: HDF5 file of Keras 1 or 2: a Wide ResNet with 101 ages and 2 genders.
        genders: Order of its gender outputs; that of IMDB-WIKI, or that of UTKFace.
        margin: Photo around the face box that it expects, as in prep.
        shift: How far below the box's centre its crops lie, as in prep.
        progress: Called as the file is read.

    Returns:
        The version, and what the network is.
    """
    from agegender.data.digest import digest_of
    from agegender.model import backend  # noqa: F401 - loads Keras quietly, so first
    from agegender.model.cost import count
    from agegender.model.legacy.network import rebuild
    from agegender.model.legacy.weights import read_weights
    from agegender.tracking.registry import describe_version
    from agegender.tracking.store import use_tracking_store

    path = Path(file)
    model = rebuild(read_weights(path), genders)
    digest = digest_of(path, progress)
    rule = CropRule(margin=margin, shift=shift, size=int(model.inputs[0].shape[1]))
    parameters = count(model).parameters
    about = {"imported_from": path.name, "digest": digest, "genders": genders}
    use_tracking_store()
    version = _registered(model, rule, about)
    what = f"{model.name} at {rule.size} px, {parameters:,} parameters"
    describe_version(
        version, f"{what}, imported from {path.name} ({digest}). {TERMS}\n\n{NOTICE}"
    )
    data = {
        "run_id": version.run_id,
        "version": version.number,
        "network": model.name,
        "size": rule.size,
        "parameters": parameters,
        "digest": digest,
    }
    text = (
        f"version {version.number} registered as challenger: {what}, from {path.name}. "
        f"{TERMS}"
    )
    return Outcome(data, text)


def _registered(
    model: "keras.Model", rule: CropRule, about: dict[str, str]
) -> "Version":
    """Register a rebuilt network in a run of its own."""
    from agegender.data.sample import example_photo
    from agegender.model.export import export_onnx
    from agegender.model.files import save_model
    from agegender.tracking.registry import register
    from agegender.tracking.runs import tracked_run

    source = about["imported_from"]
    with (
        tracked_run(f"import {source}", about) as run,
        tempfile.TemporaryDirectory() as folder,
    ):
        keras_file = save_model(model, Path(folder) / "model.keras")
        trained_on = f"faces unknown to us: imported from {source}. {TERMS}"
        provenance = {**about, "run": run.id, "trained_on": trained_on}
        network = export_onnx(model, Path(folder) / "model.onnx", rule, provenance)
        run.log_params({**about, "margin": rule.margin, "size": rule.size})
        return register(
            run,
            network=network,
            keras_file=keras_file,
            photo=example_photo(),
            metadata=provenance,
        )
