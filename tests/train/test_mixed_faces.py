"""Training with every random change there is, and two faces in one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agegender.config import AugmentConfig, Experiment, TrainingConfig
from agegender.data.store import FaceStore
from agegender.train import fit
from agegender.train.checkpoint import Checkpoint

CLOCKED = ["faces_per_second", "epoch_seconds"]


@pytest.mark.slow
def test_training_on_mixed_faces_goes_on_exactly(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    augment = AugmentConfig(
        scale=0.1, rotation=10.0, saturation=0.2, colour=0.1, blur=0.3, erase=0.3,
        mixup=0.4, cutmix=1.0,
    )  # fmt: skip
    training = TrainingConfig(epochs=2, batch_size=16, precision="float32")
    experiment = replace(tiny_experiment, augment=augment, training=training)
    checkpoint = Checkpoint(tmp_path / "state.npz")

    def stop(epoch: int, measures: Mapping[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(experiment, tiny_store, [stop], checkpoint=checkpoint)
    gone_on = fit(experiment, tiny_store, checkpoint=checkpoint).history
    straight = fit(experiment, tiny_store).history
    columns = straight.columns.drop(CLOCKED)
    np.testing.assert_array_equal(gone_on[columns], straight[columns])
    assert {"age_mae", "gender_loss", "val_age_mae"} <= set(columns)
