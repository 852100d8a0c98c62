from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from agegender.config import (
    AugmentConfig,
    Experiment,
    ModelConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainingConfig,
)
from agegender.data.batches import FaceBatches
from agegender.data.store import FaceStore
from agegender.errors import DataError
from agegender.train import Trained, fit, plan

MEASURES = {
    *("loss", "age_loss", "gender_loss", "age_mae", "gender_accuracy", "cs5"),
    *("val_loss", "val_age_loss", "val_gender_loss", "val_age_mae"),
    *("val_gender_accuracy", "val_cs5"),
    *("learning_rate", "faces_per_second", "epoch_seconds"),
}
CLOCKED = ["faces_per_second", "epoch_seconds"]


class Watched(NamedTuple):
    """A training and what it told while it ran."""

    trained: Trained
    epochs: list[tuple[int, dict[str, float]]]
    steps: list[tuple[int, int, str]]


@pytest.fixture(scope="module")
def watched(tiny_store: FaceStore, tiny_experiment: Experiment) -> Watched:
    """Train once for all tests here."""
    epochs: list[tuple[int, dict[str, float]]] = []
    steps: list[tuple[int, int, str]] = []

    def listen(epoch: int, measures: Mapping[str, float]) -> None:
        epochs.append((epoch, dict(measures)))

    def progress(done: int, total: int, what: str) -> None:
        steps.append((done, total, what))

    trained = fit(tiny_experiment, tiny_store, [listen], progress)
    return Watched(trained, epochs, steps)


def test_history_holds_one_row_of_measures_an_epoch(watched: Watched) -> None:
    history = watched.trained.history
    assert set(history.columns) == MEASURES
    assert history.index.tolist() == [0, 1, 2]
    assert np.isfinite(history.to_numpy()).all()


def test_listeners_hear_each_epoch_once(watched: Watched) -> None:
    assert [epoch for epoch, _ in watched.epochs] == [0, 1, 2]
    told = [measures for _, measures in watched.epochs]
    assert told == watched.trained.history.to_dict("records")


def test_progress_counts_steps_to_the_end(watched: Watched) -> None:
    assert [done for done, _, _ in watched.steps] == list(range(1, 13))
    assert {total for _, total, _ in watched.steps} == {12}
    assert watched.steps[-1][2].startswith("epoch 3/3 loss ")


def test_model_has_the_weights_of_the_best_epoch(
    watched: Watched, tiny_store: FaceStore
) -> None:
    trained = watched.trained
    errors = trained.history["val_age_mae"]
    assert trained.best_epoch == errors.idxmin()
    validation = FaceBatches(tiny_store, tiny_store.rows("validation"), 16)
    measured = trained.model.evaluate(validation, return_dict=True, verbose=0)
    assert measured["age_mae"] == pytest.approx(errors.min(), abs=1e-3)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_training_to_the_best_epoch_known_gives_its_network_without_validation(
    tiny_store: FaceStore, tiny_experiment: Experiment, ema: float
) -> None:
    training = replace(tiny_experiment.training, ema=ema, patience=1)
    experiment = replace(tiny_experiment, training=training)
    chosen = fit(experiment, tiny_store)
    split = tiny_store.labels["split"].replace("validation", "test")
    unvalidated = FaceStore(
        tiny_store.path,
        tiny_store.faces,
        tiny_store.labels.assign(split=split),
        tiny_store.manifest,
    )
    steps: list[tuple[int, int]] = []
    trained = fit(
        *(experiment, unvalidated),
        progress=lambda done, total, _: steps.append((done, total)),
        last_epoch=chosen.best_epoch,
    )
    count = 4 * (chosen.best_epoch + 1)
    assert steps == [(done, count) for done in range(1, count + 1)]
    assert trained.best_epoch == len(trained.history) - 1 == chosen.best_epoch
    assert not [name for name in trained.history if name.startswith("val_")]
    for ours, theirs in zip(
        trained.model.get_weights(), chosen.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_schedule_spans_all_epochs(watched: Watched) -> None:
    rates = watched.trained.history["learning_rate"]
    assert rates.iloc[-1] == pytest.approx(0.0, abs=1e-6)
    assert rates.is_monotonic_decreasing


def test_same_seed_trains_the_same_network(
    watched: Watched, tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    again = fit(tiny_experiment, tiny_store)
    wanted = watched.trained.history.drop(columns=CLOCKED)
    np.testing.assert_array_equal(again.history.drop(columns=CLOCKED), wanted)


def test_network_learns_faces_by_heart(tiny_store: FaceStore) -> None:
    experiment = Experiment(
        model=ModelConfig(10, 1),
        augment=AugmentConfig(flip=False, shift=0.0, brightness=0.0, contrast=0.0),
        optimizer=OptimizerConfig("adamw", learning_rate=0.01),
        schedule=ScheduleConfig("cosine", warmup=0.1),
        training=TrainingConfig(epochs=20, batch_size=32, precision="float32"),
    )
    history = fit(experiment, tiny_store).history
    assert history["loss"].iloc[-1] < 0.5 * history["loss"].iloc[0]
    assert history["age_mae"].iloc[-1] < 0.4 * history["age_mae"].iloc[0]
    assert history["gender_accuracy"].iloc[-1] > 0.95


@pytest.mark.parametrize("split", ["train", "validation"])
def test_empty_split_is_named(
    tiny_store: FaceStore, tiny_experiment: Experiment, split: str
) -> None:
    labels = tiny_store.labels[tiny_store.labels["split"] != split]
    without = FaceStore(tiny_store.path, tiny_store.faces, labels, tiny_store.manifest)
    with pytest.raises(DataError, match=f"the store's {split} split is empty"):
        fit(tiny_experiment, without)


def test_plan_counts_without_training(
    tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    assert plan(tiny_experiment, tiny_store) == (84_310, 6_263_552, 4, [], 0)
