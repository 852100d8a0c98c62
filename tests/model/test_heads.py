import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agegender.config import LossConfig, ModelConfig
from agegender.model.heads import SecondOfTwo, StepsToAges
from agegender.model.losses import losses
from agegender.model.wide_resnet import build


def ages_of(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(keras.ops.convert_to_numpy(StepsToAges()(scores)))


def test_an_age_is_all_steps_before_it_passed_and_its_own_not() -> None:
    scores = np.full((1, 100), -30.0, np.float32)
    scores[0, :3] = np.log([0.9 / 0.1, 0.5 / 0.5, 0.25 / 0.75])
    found = ages_of(scores)[0]
    wanted = [0.1, 0.9 * 0.5, 0.9 * 0.5 * 0.75, 0.9 * 0.5 * 0.25]
    np.testing.assert_allclose(found[:4], wanted, rtol=1e-5)
    np.testing.assert_allclose(found[4:], 0.0, atol=1e-6)


def test_whoever_passes_every_step_is_a_hundred() -> None:
    assert ages_of(np.full((1, 100), 30.0, np.float32))[0, 100] > 0.9999


def test_sure_scores_underflow_to_nothing_and_not_to_nan() -> None:
    found = ages_of(np.full((1, 100), -1e4, np.float32))[0]
    assert found[0] == 1.0
    assert not found[1:].any()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 20.0))
def test_any_scores_make_a_distribution(seed: int, spread: float) -> None:
    scores = np.random.default_rng(seed).normal(0, spread, (2, 100))
    found = ages_of(scores.astype(np.float32))
    assert found.shape == (2, 101)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-4)


def test_second_of_two_keeps_a_column() -> None:
    found = SecondOfTwo()(np.array([[0.25, 0.75], [0.5, 0.5]], np.float32))
    assert keras.ops.convert_to_numpy(found).tolist() == [[0.75], [0.5]]


@pytest.mark.parametrize(
    ("config", "sure_of"),
    [
        (ModelConfig(10, 1), {"age": 99, "gender": 0}),
        (ModelConfig(10, 1, pooling="original"), {"age": 99, "both_genders": 1}),
        (ModelConfig(10, 1, age_head="ordinal"), {"age_steps": 1}),
    ],
    ids=["global", "original", "ordinal"],
)
def test_heads_leave_what_they_were_wrongly_sure_of(
    config: ModelConfig, sure_of: dict[str, int]
) -> None:
    network = build(config, 16, augment=None)
    for name, where in sure_of.items():
        kernel, bias = network.get_layer(name).get_weights()
        bias[where] += 1e3
        network.get_layer(name).set_weights([kernel, bias])
    before = {name: network.get_layer(name).get_weights()[1] for name in sure_of}
    network.compile(keras.optimizers.SGD(0.1), losses(LossConfig("cross_entropy")))
    truth = {"age": np.full(2, 1.0), "gender": np.zeros(2)}
    network.train_on_batch(np.zeros((2, 16, 16, 3), np.uint8), truth)
    for name, where in sure_of.items():
        after = network.get_layer(name).get_weights()[1]
        assert after[where] < before[name][where]
        assert np.isfinite(after).all()


def test_answers_are_those_of_keras_own_layers(
    tiny_network: keras.Model, some_faces: NDArray[np.uint8]
) -> None:
    plain = keras.models.clone_model(
        tiny_network,
        clone_function=lambda layer: (
            keras.layers.Dense if layer.name in {"age", "gender"} else type(layer)
        ).from_config(layer.get_config()),
    )
    plain.set_weights(tiny_network.get_weights())
    found, wanted = (n.predict(some_faces, verbose=0) for n in (tiny_network, plain))
    np.testing.assert_array_equal(found["age"], wanted["age"])
    np.testing.assert_array_equal(found["gender"], wanted["gender"])
