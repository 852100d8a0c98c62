"""Faces whose gender nobody knows teach ages, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from storing import write_store

from agegender.config import Experiment
from agegender.data.batches import FaceBatches
from agegender.data.store import FaceStore
from agegender.train import fit
from agegender.train.learners import compiled

UNTOLD = {"gender_loss", "gender_accuracy"}


def with_genders(store: FaceStore, genders: np.ndarray, out: Path) -> FaceStore:
    labels = store.labels.assign(gender=genders.astype(np.int8))
    rule = store.manifest.crop_rule
    return write_store(out, np.asarray(store.faces), labels, crop_rule=rule)


@pytest.fixture
def one_epoch(tiny_experiment: Experiment) -> Experiment:
    training = replace(tiny_experiment.training, epochs=1)
    return replace(tiny_experiment, training=training)


def test_measures_of_gender_are_those_of_the_known_faces(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    known = np.arange(len(tiny_store)) % 3 == 0
    genders = np.where(known, tiny_store.labels["gender"], -1)
    partly = with_genders(tiny_store, genders, tmp_path / "partly")
    rows = partly.rows("train")
    model = compiled(tiny_experiment, 16, steps=4)

    got = model.evaluate(FaceBatches(partly, rows, 16), return_dict=True, verbose=0)

    told = rows[known[rows]]
    male = model.predict(partly.faces[told], verbose=0)["gender"].ravel()
    truth = partly.labels["gender"].to_numpy()[told]
    surprise = -np.log(np.where(truth == 1, male, 1 - male))
    assert got["gender_accuracy"] == pytest.approx(((male >= 0.5) == truth).mean())
    # What is minimised is a mean over the whole batch: each known face weighs the
    # same in every batch, and the others add nothing.
    assert got["gender_loss"] == pytest.approx(surprise.sum() / len(rows), rel=1e-4)
    assert got["gender_labelled_loss"] == pytest.approx(surprise.mean(), rel=1e-4)


def test_reported_gender_loss_is_of_known_faces_and_loss_is_what_is_minimised(
    tiny_store: FaceStore, one_epoch: Experiment, tmp_path: Path
) -> None:
    genders = tiny_store.labels["gender"].to_numpy().copy()
    validation = tiny_store.rows("validation")
    genders[validation[4:]] = -1  # 4 of 16 are known
    store = with_genders(tiny_store, genders, tmp_path / "store")

    last = fit(one_epoch, store).history.iloc[-1]

    assert "gender_labelled_loss" not in last
    whole = last["val_age_loss"] + last["val_gender_loss"] * 4 / 16
    assert last["val_loss"] == pytest.approx(whole, rel=1e-4)


def test_training_without_any_gender_has_no_figures_of_it(
    tiny_store: FaceStore, one_epoch: Experiment, tmp_path: Path
) -> None:
    nobody = np.full(len(tiny_store), -1)
    heard: list[set[str]] = []

    def listen(epoch: int, measures: Mapping[str, float]) -> None:
        del epoch
        heard.append(set(measures))

    store = with_genders(tiny_store, nobody, tmp_path / "store")
    trained = fit(one_epoch, store, [listen])

    assert not [name for name in trained.history.columns if "gender" in name]
    assert heard == [set(trained.history.columns)]
    assert np.isfinite(trained.history.to_numpy()).all()


def test_validation_without_genders_leaves_those_of_training(
    tiny_store: FaceStore, one_epoch: Experiment, tmp_path: Path
) -> None:
    genders = tiny_store.labels["gender"].to_numpy().copy()
    genders[tiny_store.rows("validation")] = -1
    store = with_genders(tiny_store, genders, tmp_path / "store")

    columns = set(fit(one_epoch, store).history.columns)

    assert columns >= UNTOLD
    assert not columns & {f"val_{name}" for name in UNTOLD}
