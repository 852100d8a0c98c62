"""The best settings of a study, trained once more on all faces but the test split."""

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agegender.progress import Progress
from agegender.steps.lineage import lineage_of
from agegender.steps.resuming import Place, resumable_run

if TYPE_CHECKING:
    from agegender.data.store import FaceStore
    from agegender.model.calibration import Calibration
    from agegender.search import StudyResult
    from agegender.tracking.run import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refitted:
    """A study's best settings, learnt anew.

    Args:
        trial: Whose settings they are.
        epochs: Trained.
        run_id: Of the training.
        version: Registered, a number.
    """

    trial: int
    epochs: int
    run_id: str
    version: int

    def __str__(self) -> str:
        """Tell it in one line."""
        return (
            f"version {self.version} registered as challenger: the settings of trial "
            f"{self.trial}, {self.epochs} epochs on train and validation faces"
        )


def refit(
    result: "StudyResult",
    store: "FaceStore",
    study_run: "Run",
    progress: Progress,
) -> Refitted:
    """Train the best trial's settings on train and validation faces; register them.

    Nothing is left to stop by, so training takes as many epochs as the trial's best
    one had, on the same schedule. Nor is anything left to calibrate by: what the
    trial's network was corrected by, fitted on the validation faces when it had not
    learnt from them, is taken over.

    Goes on where the same call was killed; where it was finished, nothing is trained.

    Args:
        result: Of the study.
        store: That the study was over; its test split is not learnt from.
        study_run: Under which to show the training's run.
        progress: Called as batches are learnt from.

    Raises:
        ModelError: If the tracking store refuses.
    """
    from agegender.steps.keeping import keep
    from agegender.steps.training import log_data
    from agegender.tracking.place import programs_folder
    from agegender.tracking.refits import REFIT_TAG, finished_refit
    from agegender.train import fit, keep_programs

    epochs = result.best_epoch + 1
    ids = (study_run.experiment_id, study_run.id, result.best_number)
    if known := finished_refit(*ids):
        return Refitted(result.best_number, epochs, *known)
    named = replace(result.best, name=f"{result.study_name}-refit")
    experiment, lineage = lineage_of(named, store)
    faces = store.with_validation_in_train()
    place = Place(
        study_run.id,
        {REFIT_TAG: str(result.best_number)},
        (study_run.id, f"{epochs} epochs"),
    )
    keep_programs(programs_folder())
    began = resumable_run(experiment, faces, None, True, place=place, lineage=lineage)
    with began as (run, checkpoint):
        run.log_experiment(experiment)
        log_data(run, faces)
        trained = fit(
            experiment,
            faces,
            [run.epoch_listener()],
            progress,
            checkpoint,
            last_epoch=result.best_epoch,
            lineage=lineage,
        )
        origin = {"refit_of": f"trial {result.best_number} of {result.study_name}"}
        calibration = _calibration(result)
        version = keep(run, trained, faces, experiment, lineage, calibration, origin)
    assert version.number is not None
    return Refitted(result.best_number, epochs, run.id, version.number)


def _calibration(result: "StudyResult") -> "Calibration | None":
    """Return what the best trial's own network is corrected by, if it was kept."""
    from agegender.model.network import Network
    from agegender.steps.keeping import NETWORK_FILE
    from agegender.tracking.refits import network_of_trial
    from agegender.tracking.trials import RUN_ATTRIBUTE

    run_id = result.best_attributes[RUN_ATTRIBUTE]
    with network_of_trial(run_id, NETWORK_FILE) as file:
        if file is None:
            log.warning(
                "the network of trial %d was not kept: its refit is not calibrated",
                result.best_number,
            )
            return None
        return Network.load(file).calibration
