"""A trained network, kept: exported, calibrated, shown and registered."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from agegender.config import Experiment
from agegender.notice import NOTICE
from agegender.steps.lineage import digests, told

if TYPE_CHECKING:
    import keras

    from agegender.data.store import FaceStore
    from agegender.model.calibration import Calibration
    from agegender.tracking.run import Run
    from agegender.tracking.version import Version
    from agegender.train import Trained
    from agegender.train.lineage import Lineage

NETWORK_FILE = "model.onnx"

GRID_FACES = 24
"""Faces in the picture of predictions beside truths."""

CALIBRATION_FACES = 5000
"""Most validation faces that a calibration is fitted on."""


def keep(
    run: "Run",
    trained: "Trained",
    store: "FaceStore",
    experiment: Experiment,
    lineage: "Lineage",
    calibration: "Calibration | None" = None,
    further: Mapping[str, str] | None = None,
) -> "Version":
    """Log a trained network and its pictures, and register it as challenger.

    Args:
        run: Open run.
        trained: What `fit` returned.
        store: What it was trained on.
        experiment: How.
        lineage: What it started and learnt from beside faces.
        calibration: What its answers are corrected by; fitted on the validation
            faces, if there are any, where None is given.
        further: Metadata that the version gets beside its origin.

    Returns:
        The new version.
    """
    from agegender.data.sample import example_photo
    from agegender.evaluate.figures import training_curves
    from agegender.model.diagram import draw
    from agegender.model.files import save_model
    from agegender.model.network import Network
    from agegender.tracking.registry import describe_version, register

    size = store.manifest.crop_rule.size
    run.log_figure(training_curves(trained.history), "figures/curves.png")
    run.log_figure(draw(experiment.model, size), "figures/network.png")
    with tempfile.TemporaryDirectory() as folder:
        keras_file = save_model(trained.model, Path(folder) / "model.keras")
        provenance = {
            "store": store.manifest.content_hash,
            "run": run.id,
            "network": _network(experiment, store),
            "trained_on": _trained_on(store, lineage),
            **digests(lineage),
            **(further or {}),
        }
        network = write_network(
            trained.model, Path(folder), experiment, store, provenance, calibration
        )
        fitted = Network.load(network).calibration
        run.log_dict(asdict(fitted), "calibration.json")
        _log_face_grid(run, network, store)
        version = register(
            run,
            network=network,
            keras_file=keras_file,
            photo=example_photo(),
            metadata=provenance,
        )
    describe_version(version, _description(experiment, store, lineage))
    return version


def write_network(
    model: "keras.Model",
    folder: Path,
    experiment: Experiment,
    store: "FaceStore",
    provenance: dict[str, str] | None = None,
    calibration: "Calibration | None" = None,
) -> Path:
    """Export a trained network and write into it how sure it may be.

    Args:
        model: Trained.
        folder: Gets `model.onnx`.
        experiment: How it was trained.
        store: On what.
        provenance: Further metadata of the file.
        calibration: What its answers are corrected by; fitted on the validation
            faces, if there are any, where None is given.

    Returns:
        The file.
    """
    from agegender.model.export import export_onnx, note_in_file

    file = export_onnx(
        model,
        folder / NETWORK_FILE,
        store.manifest.crop_rule,
        provenance,
        experiment.model.point,
    )
    fitted = calibration or _calibration(file, store)
    if fitted is not None:
        note_in_file(file, {"calibration": fitted.to_json()})
    return file


def _calibration(file: Path, store: "FaceStore") -> "Calibration | None":
    """Fit how sure an exported network may be, on faces it did not learn from."""
    from agegender.evaluate.answers import pair
    from agegender.evaluate.asking import ask
    from agegender.evaluate.calibrate import fit_calibration
    from agegender.model.network import Network

    rows = store.rows("validation")
    if len(rows) == 0:
        return None
    rows = rows[:: -(-len(rows) // CALIBRATION_FACES)]
    answer = ask(Network.load(file), store, rows)
    return fit_calibration(pair(*answer, store.labels.iloc[rows]))


def _description(experiment: Experiment, store: "FaceStore", lineage: "Lineage") -> str:
    network, trained_on = _network(experiment, store), _trained_on(store, lineage)
    return f"{network}, trained on {trained_on}.\n\n{NOTICE}"


def _network(experiment: Experiment, store: "FaceStore") -> str:
    model = experiment.model
    side = model.input_size or store.manifest.crop_rule.size
    ways = ", both ways round" if model.mirrored else ""
    patch = model.patch_size
    squares = f" in squares of {patch} x {patch}" if patch > 1 else ""
    return f"WRN-{model.depth}-{model.widen_factor} at {side} px{squares}{ways}"


def _trained_on(store: "FaceStore", lineage: "Lineage") -> str:
    sources = store.manifest.sources
    terms = "; ".join(f"{one['name']}: {one['terms']}" for one in sources)
    genders = store.labels["gender"].to_numpy()[store.rows("train")]
    known = int((genders >= 0).sum())
    learnt = f", gender from {known:,} of them" if known < len(genders) else ""
    return f"{len(genders):,} faces{learnt} ({terms}){told(lineage)}"


def _log_face_grid(run: "Run", network: Path, store: "FaceStore") -> None:
    from agegender.evaluate.figures import face_grid
    from agegender.model.network import Network

    rows = store.rows("test")
    if len(rows) == 0:
        return
    # Spread over the split, so that one person's photos do not fill the grid.
    chosen = rows[:: max(1, len(rows) // GRID_FACES)][:GRID_FACES]
    faces = store.faces[chosen]
    told_by = Network.load(network)
    answers = told_by.predict(faces)
    figure = face_grid(
        faces,
        store.labels.iloc[chosen],
        answers.age_probabilities,
        answers.male_probability,
        told_by.point,
    )
    run.log_figure(figure, "figures/test_faces.png")
