"""From a face store to a registered version: `train`."""

from typing import TYPE_CHECKING, Any

from agegender.config import Experiment
from agegender.errors import ConfigError
from agegender.progress import Progress, silent
from agegender.steps.keeping import keep
from agegender.steps.lineage import lineage_of
from agegender.steps.outcome import Outcome
from agegender.steps.resuming import resumable_run

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.tracking.run import Run
    from agegender.tracking.version import Version
    from agegender.train import Trained
    from agegender.train.lineage import Lineage


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
            name=f"{store.path.resolve().name}-{split}",
            digest=store.split_hash(split),
            source=store.path,
            context=context,
            rows=len(store.rows(split)),
        )
