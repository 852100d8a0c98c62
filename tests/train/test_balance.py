"""Weights of faces reach both heads' losses in training, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from agegender.config import AugmentConfig, Experiment, OptimizerConfig
from agegender.data.balance import balance_weights
from agegender.data.batches import FaceBatches
from agegender.data.store import FaceStore
from agegender.train import fit
from agegender.train.learners import compiled


@pytest.fixture
def still(tiny_experiment: Experiment) -> Experiment:
    """Return one epoch of one step, too small to move a weight."""
    return replace(
        tiny_experiment,
        augment=AugmentConfig(flip=False, shift=0.0, brightness=0.0, contrast=0.0),
        optimizer=OptimizerConfig(learning_rate=1e-12, weight_decay=0.0),
        training=replace(tiny_experiment.training, epochs=1, batch_size=64),
    )


def balanced(experiment: Experiment) -> Experiment:
    wanted = {"balance": "effective_number", "balance_beta": 0.9}
    return replace(experiment, training=replace(experiment.training, **wanted))


def test_loss_of_a_batch_is_the_weighted_mean_of_its_faces(
    tiny_store: FaceStore, still: Experiment
) -> None:
    rows = tiny_store.rows("train")
    weights = balance_weights(tiny_store.labels.iloc[rows], 0.9)
    model = compiled(still, 16, steps=1)
    each = [
        model.evaluate(FaceBatches(tiny_store, [row], 1), return_dict=True, verbose=0)
        for row in rows[:6]
    ]

    batch = FaceBatches(tiny_store, rows[:6], 6, weights=weights[:6])
    got = model.evaluate(batch, return_dict=True, verbose=0)

    for name in ("loss", "age_loss", "gender_loss"):
        alone = np.array([figures[name] for figures in each])
        assert got[name] == pytest.approx((alone * weights[:6]).mean(), rel=1e-3)
    errors = np.array([figures["age_mae"] for figures in each])
    assert got["age_mae"] == pytest.approx(errors.mean(), rel=1e-4)


def test_balance_changes_what_is_minimised_and_not_what_is_validated(
    tiny_store: FaceStore, still: Experiment
) -> None:
    plain, weighted = (
        fit(each, tiny_store).history.iloc[0] for each in (still, balanced(still))
    )
    for name in ("loss", "age_loss", "gender_loss"):
        assert weighted[name] != pytest.approx(plain[name], rel=1e-3)
        assert weighted[f"val_{name}"] == pytest.approx(plain[f"val_{name}"], rel=1e-4)
    for name in ("age_mae", "gender_accuracy", "cs5"):
        assert weighted[name] == pytest.approx(plain[name], rel=1e-4)
