import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agegender.model.heads import SecondOfTwo, StepsToAges


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


@settings(deadline=None)  # JAX compiles at its leisure
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
