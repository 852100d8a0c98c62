"""A training's run that the same command goes on with after it was stopped."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agegender import __version__
from agegender.config import Experiment

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.tracking.run import Run
    from agegender.train.checkpoint import Checkpoint
    from agegender.train.lineage import Lineage
    from agegender.train.unfinished import Unfinished

FOLDER = "checkpoints"
"""In mlruns/, beside the runs."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a training belongs that is part of something larger.

    Args:
        parent: Id of the run under which its run is shown.
        tags: Of its run.
        key: What else decides what it computes.
    """

    parent: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()


@contextmanager
def resumable_run(
    experiment: Experiment,
    store: "FaceStore",
    checkpoints: str | None,
    resume: bool,
    devices: int = 1,
    place: Place | None = None,
    lineage: "Lineage | None" = None,
) -> Iterator[tuple["Run", "Checkpoint"]]:
    """Open the run of a training: the one that it was stopped in, or a new one.

    What is kept for going on is removed when the block ends well, and when the
    training diverged, which it would do again.

    Args:
        experiment: What is trained.
        store: On what.
        checkpoints: Folder of unfinished trainings; mlruns/checkpoints if None.
        resume: False begins anew whatever is there.
        devices: How many train; sums are rounded otherwise on another number.
        place: Of the run among others; on its own if None.
        lineage: What it starts and learns from beside faces.

    Yields:
        The run, and where the state of training is to be kept.

    Raises:
        DataError: If another process is at this training now.
    """
    from agegender.tracking.killed import end_as_killed
    from agegender.tracking.place import project_folder
    from agegender.tracking.runs import tracked_run
    from agegender.train import DivergedError
    from agegender.train.unfinished import unfinished

    folder = Path(checkpoints or project_folder() / "mlruns" / FOLDER)
    place = place or Place()
    key = _key(experiment, store, devices, place, lineage)
    with unfinished(folder, key) as left:
        before = left.run_id
        if not resume:
            left.forget()
        with tracked_run(
            experiment.name,
            place.tags,
            place.parent,
            resume=before if resume else None,
        ) as run:
            if before and before != run.id:
                end_as_killed(before)
            # What is part of something larger has no such option.
            advice = "" if place.parent else "; --no-resume begins anew"
            _tell(before if resume else None, run, left, advice)
            left.begin(run.id)
            try:
                yield run, left.checkpoint
            except DivergedError:
                left.forget()
                raise
        left.forget()


def _key(
    experiment: Experiment,
    store: "FaceStore",
    devices: int,
    place: Place,
    lineage: "Lineage | None",
) -> str:
    """Return what is the same for all trainings that compute the same."""
    from agegender.train.unfinished import training_key

    splits = [store.split_hash(split) for split in ("train", "validation")]
    earlier = [one.digest for one in lineage.networks] if lineage else []
    data = [store.manifest.content_hash, *splits, *earlier]
    return training_key(
        experiment, *data, __version__, f"{devices} devices", *place.key
    )


def _tell(before: str | None, run: "Run", left: "Unfinished", advice: str) -> None:
    epochs = left.checkpoint.epochs()
    since = f"after epoch {epochs}" if epochs else "from its first epoch"
    if before == run.id:
        log.warning("goes on with run %s %s%s", run.id, since, advice)
    elif epochs:
        log.warning(
            "goes on %s of run %s, recorded in run %s%s",
            *(since, before, run.id, advice),
        )
