import numpy as np

from agegender.model.ages import age_quantile, expected_age


def certain(age: int) -> np.ndarray:
    return np.eye(101, dtype=np.float32)[[age]]


def test_expected_age_is_the_mean() -> None:
    halves = (certain(20) + certain(41)) / 2
    np.testing.assert_allclose(expected_age(halves), [30.5])


def test_even_distribution_has_even_quantiles() -> None:
    even = np.full((1, 101), 1 / 101, np.float32)
    low, high = age_quantile(even, 0.25), age_quantile(even, 0.75)
    np.testing.assert_allclose([low[0], high[0]], [24.75, 75.25], atol=1e-3)


def test_every_distribution_may_have_a_level_of_its_own() -> None:
    even = np.full((2, 101), 1 / 101, np.float32)
    got = age_quantile(even, np.array([0.25, 0.75]))
    np.testing.assert_allclose(got, [24.75, 75.25], atol=1e-3)


def test_no_faces_have_no_ages() -> None:
    none = np.empty((0, 101), np.float32)
    assert expected_age(none).shape == (0,)
    assert age_quantile(none, 0.5).shape == (0,)
