"""From a face store to a registered version: `train` and `search`."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agegender.config import Experiment
from agegender.errors import ConfigError
from agegender.notice import NOTICE
from agegender.progress import Progress, silent
from agegender.steps.lineage import digests, lineage_of, told
from agegender.steps.outcome import Outcome
from agegender.steps.resuming import resumable_run

if TYPE_CHECKING:
    import keras

    from agegender.data.store import FaceStore
    from agegender.model.calibration import Calibration
    from agegender.tracking.registry import Version
    from agegender.tracking.run import Run
    from agegender.train import Trained
    from agegender.train.lineage import Lineage

NETWORK_FILE = "model.onnx"

GRID_FACES = 24
"""Faces in the picture of predictions beside truths."""

CALIBRATION_FACES = 5000
"""Most validation faces that a calibration is fitted on."""


def train(
    store: str,
    experiment: Experiment = Experiment(),
    resume: bool = True,
    checkpoints: str | None = None,
    devices: int = 0,
    system_metrics: float = 10.0,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Train a Wide ResNet and register it as challenger.

    Args:
        store: Face store, as prep writes it.
        experiment: YAML file; any setting can be given beside it.
        resume: Go on where the same command was stopped; --no-resume begins anew.
        checkpoints: Folder of unfinished trainings, mlruns/checkpoints by default.
        devices: GPUs that share each batch; 0 takes all that are visible.
        system_metrics: Seconds between two looks at processor, memory and GPU, shown
            beside the run's other metrics; 0 for none.
        dry_run: Print the resolved experiment and what it costs, as JSON.
        progress: Called as batches are learnt from.

    Returns:
        The run, the version, and the validation figures of the best epoch.
    """
    from agegender.data.store import FaceStore

    if system_metrics < 0:
        raise ConfigError(
            "system_metrics must be seconds, or 0 for no such metrics. "
            f"Received: {system_metrics}."
        )
    faces = FaceStore.open(store)
    experiment, lineage = lineage_of(experiment, faces)
    count = _device_count(devices, experiment)
    if dry_run:
        return Outcome.of_json(_plan(experiment, faces, lineage))

    from agegender.tracking.place import programs_folder
    from agegender.tracking.store import use_tracking_store
    from agegender.tracking.watched import watched
    from agegender.train import fit, keep_programs

    keep_programs(programs_folder())
    use_tracking_store()
    began = resumable_run(
        *(experiment, faces, checkpoints, resume, count), lineage=lineage
    )
    with began as (run, checkpoint):
        run.log_experiment(experiment)
        run.log_params({"devices": count})
        log_data(run, faces)
        listeners = [run.epoch_listener()]
        with watched(run, system_metrics):
            trained = fit(
                *(experiment, faces, listeners, progress, checkpoint, count),
                lineage=lineage,
            )
        version = keep(run, trained, faces, experiment, lineage)
    return _outcome(run, trained, version)


def _device_count(wanted: int, experiment: Experiment) -> int:
    """Return on how many devices to train, once it is sure that they can."""
    from agegender.train import chosen_devices, require_clips_alike

    chosen = chosen_devices(wanted, experiment.training.batch_size)
    require_clips_alike(chosen, experiment.optimizer.clip_norm)
    return len(chosen)


def _outcome(run: "Run", trained: "Trained", version: "Version") -> Outcome:
    best = trained.history.iloc[trained.best_epoch]
    data = {
        "run_id": run.id,
        "version": version.number,
        "epochs": len(trained.history),
        "best_epoch": int(trained.best_epoch),
        "val_age_mae": float(best["val_age_mae"]),
    }
    gender = "gender was not measured: no validation face's gender is known"
    if "val_gender_accuracy" in best:
        data["val_gender_accuracy"] = float(best["val_gender_accuracy"])
        gender = f"gender accuracy {data['val_gender_accuracy']:.1%}"
    text = (
        f"version {version.number} registered as challenger; best of "
        f"{data['epochs']} epochs: validation MAE {data['val_age_mae']:.2f} years, "
        f"{gender}"
    )
    return Outcome(data, text)


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
    from agegender.model.export import calibrate_file, export_onnx

    file = export_onnx(
        model,
        folder / NETWORK_FILE,
        store.manifest.crop_rule,
        provenance,
        experiment.model.point,
    )
    fitted = calibration or _calibration(file, store)
    if fitted is not None:
        calibrate_file(file, fitted)
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


def _plan(
    experiment: Experiment, store: "FaceStore", lineage: "Lineage"
) -> dict[str, Any]:
    from agegender.train import plan

    cost = plan(experiment, store, lineage)
    return {"experiment": experiment.to_dict(), **cost._asdict()}


def log_data(run: "Run", store: "FaceStore") -> None:
    """Record in a run which faces it learns from, and by which it is chosen."""
    for split, context in (("train", "training"), ("validation", "validation")):
        if len(store.rows(split)) == 0:
            continue
        run.log_dataset(
            name=f"{store.path.name}-{split}",
            digest=store.split_hash(split),
            source=store.path,
            context=context,
            rows=len(store.rows(split)),
        )


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
