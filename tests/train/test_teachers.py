"""Learning from what other networks answer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from agegender.config import (
    AugmentConfig,
    CropRule,
    Experiment,
    LossConfig,
    ModelConfig,
    TrainingConfig,
)
from agegender.data.store import FaceStore
from agegender.errors import ConfigError, ModelError
from agegender.model.export import export_onnx
from agegender.model.files import load_model, save_model
from agegender.model.wide_resnet import build
from agegender.train import fit, plan
from agegender.train.checkpoint import Checkpoint
from agegender.train.learners import compiled
from agegender.train.lineage import Lineage
from agegender.train.teachers import Teacher, distances, taught, teacher_weights

SIZE = 16
BODY = ModelConfig(10, 1)
STILL = AugmentConfig(flip=False, shift=0.0, brightness=0.0, contrast=0.0)


def drawn_faces() -> Any:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (8, SIZE, SIZE, 3), np.uint8)


def teacher_of(model: keras.Model, folder: Path, kind: str = "keras") -> Teacher:
    if kind == "keras":
        file = save_model(model, folder / "teacher.keras")
    else:
        rule = CropRule(size=model.input_shape[1])
        file = export_onnx(model, folder / "teacher.onnx", rule)
    return Teacher("models:/agegender/3", file, "digest", "64 faces")


def confident(model: keras.Model, age: int, logit: float) -> keras.Model:
    """Make it answer one age and one gender, whatever the face."""
    for head, bias in (("age", 12.0 * np.eye(101)[age]), ("gender", np.array([logit]))):
        kernel, _ = model.get_layer(head).get_weights()
        model.get_layer(head).set_weights([0.0 * kernel, bias])
    return model


def test_distance_is_zero_where_answers_are_equal_and_worked_by_hand() -> None:
    own = {"age": np.zeros((2, 101), np.float32), "gender": np.float32([[0.5], [0.9]])}
    own["age"][:, 20], own["age"][:, 30] = 0.5, 0.5
    other = {"age": own["age"].copy(), "gender": np.float32([[0.8], [0.9]])}
    other["age"][0, [20, 30]] = 0.25, 0.75
    told = {name: np.asarray(one) for name, one in distances(own, other).items()}
    by_age = 0.25 * np.log(0.25 / 0.5) + 0.75 * np.log(0.75 / 0.5)
    by_gender = 0.8 * np.log(0.8 / 0.5) + 0.2 * np.log(0.2 / 0.5)
    np.testing.assert_allclose(told["age"], [by_age, 0.0], atol=1e-6)
    np.testing.assert_allclose(told["gender"], [by_gender, 0.0], atol=1e-6)


@pytest.mark.parametrize("kind", ["keras", "onnx"])
def test_loss_is_the_weighted_distance_from_the_teachers(
    kind: str, tmp_path: Path
) -> None:
    loss = LossConfig(teacher_weight=0.6, gender_weight=2.0)
    assert teacher_weights(loss) == {"age": 0.6, "gender": 1.2}
    faces = drawn_faces()
    teachers, wanted = [], []
    for seed in (5, 6):
        model = build(BODY, SIZE, None, seed=seed)
        (tmp_path / str(seed)).mkdir()
        teachers.append(teacher_of(model, tmp_path / str(seed), kind))
        wanted.append(model.predict(faces, verbose=0))
    network = build(BODY, SIZE, STILL, seed=7)
    model = taught(network, teachers, loss)
    model(faces, training=False)
    assert model.losses == []
    own = model(faces, training=True)
    mean = {head: sum(one[head] for one in wanted) / 2 for head in own}
    far = distances(own, mean)
    expected = 0.6 * np.mean(far["age"]) + 1.2 * np.mean(far["gender"])
    np.testing.assert_allclose(sum(float(x) for x in model.losses), expected, rtol=1e-4)


def test_pupil_answers_as_its_own_network_and_only_that_is_learnt(
    tmp_path: Path,
) -> None:
    network = build(BODY, SIZE, AugmentConfig(), seed=7)
    teacher = teacher_of(build(BODY, SIZE, None, seed=5), tmp_path)
    model = taught(network, [teacher], LossConfig())
    faces = drawn_faces()
    own, same = (one.predict(faces, verbose=0) for one in (network, model))
    for head in own:
        np.testing.assert_array_equal(own[head], same[head])
    assert [id(one) for one in model.trainable_variables] == [
        id(one) for one in network.trainable_variables
    ]


def test_teachers_of_smaller_faces_see_them_shrunk(tmp_path: Path) -> None:
    small = build(BODY, SIZE, None, seed=5)
    model = taught(
        build(BODY, 2 * SIZE, STILL), [teacher_of(small, tmp_path)], LossConfig()
    )
    faces = drawn_faces()
    doubled = faces.repeat(2, axis=1).repeat(2, axis=2)
    told = model.get_layer("teachers")(doubled)
    wanted = small.predict(faces, verbose=0)
    np.testing.assert_allclose(told["age"], wanted["age"], atol=1e-5)


def test_pupil_learns_what_its_teacher_answers_against_the_labels(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    teacher = teacher_of(confident(build(BODY, SIZE, None), 33, 3.0), tmp_path)
    experiment = replace(
        tiny_experiment,
        loss=LossConfig(teacher_weight=1.0),
        training=replace(tiny_experiment.training, epochs=8),
    )
    # The last epoch's, since the best by labels is an early one.
    lineage = Lineage(None, (teacher,))
    done = fit(experiment, tiny_store, last_epoch=7, lineage=lineage).model
    told = done.predict(tiny_store.faces[:16], verbose=0)
    assert (told["age"].argmax(axis=1) == 33).all()
    np.testing.assert_allclose(told["gender"], 1 / (1 + np.exp(-3)), atol=0.1)
    assert {layer.name for layer in done.layers}.isdisjoint({"teachers", "pupil"})


def test_figures_are_the_pupils_own_whatever_its_teacher_was_compiled_for(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    model = compiled(tiny_experiment, SIZE, steps=1)
    file = save_model(model, tmp_path / "compiled.keras")
    teacher = Teacher("models:/agegender/3", file, "digest", "64 faces")
    plain = build(tiny_experiment.model, SIZE, None)
    plain.set_weights(load_model(file).get_weights())
    (tmp_path / "plain").mkdir()
    as_plain = teacher_of(plain, tmp_path / "plain")
    told, wanted = (
        fit(tiny_experiment, tiny_store, lineage=Lineage(None, (one,))).history
        for one in (teacher, as_plain)
    )
    timed = ["faces_per_second", "epoch_seconds"]
    pd.testing.assert_frame_equal(told.drop(columns=timed), wanted.drop(columns=timed))


@pytest.mark.parametrize("ema", [0.0, 0.5])
def test_stopped_pupil_goes_on_as_one_undisturbed(
    ema: float, tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    teacher = teacher_of(build(BODY, SIZE, None, seed=5), tmp_path)
    lineage = Lineage(None, (teacher,))
    experiment = replace(
        tiny_experiment, training=replace(tiny_experiment.training, ema=ema)
    )
    whole = fit(experiment, tiny_store, lineage=lineage)
    checkpoint = Checkpoint(tmp_path / "state.npz")

    def stop(epoch: int, measures: Any) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(experiment, tiny_store, [stop], checkpoint=checkpoint, lineage=lineage)
    again = fit(experiment, tiny_store, checkpoint=checkpoint, lineage=lineage)
    assert again.history["val_age_mae"].equals(whole.history["val_age_mae"])
    for one, other in zip(
        again.model.get_weights(), whole.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["keras", "onnx"])
def test_teachers_are_asked_one_way_round(kind: str, tmp_path: Path) -> None:
    both = replace(BODY, mirrored=True)
    teacher = teacher_of(build(both, SIZE, None, seed=5), tmp_path, kind)
    faces = drawn_faces()
    wanted = build(BODY, SIZE, None, seed=5).predict(faces, verbose=0)
    told = teacher.ready(SIZE)(faces, training=False)
    for head in wanted:
        np.testing.assert_allclose(told[head], wanted[head], atol=1e-5)


def test_teacher_of_larger_faces_is_refused(
    tiny_store: FaceStore, tiny_experiment: Experiment, tmp_path: Path
) -> None:
    teacher = teacher_of(build(BODY, 2 * SIZE, None), tmp_path)
    for step in (fit, plan):
        with pytest.raises(ConfigError, match=r"takes faces of 32 px.*have 16 px"):
            step(tiny_experiment, tiny_store, lineage=Lineage(None, (teacher,)))


def test_network_that_is_not_ours_teaches_nothing(tmp_path: Path) -> None:
    faces = keras.Input((SIZE, SIZE, 3))
    foreign = keras.Model(faces, keras.layers.Conv2D(4, 3, name="stem")(faces))
    with pytest.raises(ModelError, match="no Wide ResNet of ours"):
        teacher_of(foreign, tmp_path).ready(SIZE)


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_weight_beyond_its_range_is_refused(weight: float) -> None:
    with pytest.raises(ConfigError, match=r"teacher_weight must be within 0\.\.1"):
        LossConfig(teacher_weight=weight)


def test_growing_faces_have_no_teachers() -> None:
    with pytest.raises(ConfigError, match="teachers must be empty where faces grow"):
        TrainingConfig(first_size=8, teachers="starter")
