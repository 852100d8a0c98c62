import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agegender.model.ages import age_interval, age_quantile, expected_age


def certain(age: int) -> np.ndarray:
    return np.eye(101, dtype=np.float32)[[age]]


def test_expected_age_is_the_mean() -> None:
    halves = (certain(20) + certain(41)) / 2
    np.testing.assert_allclose(expected_age(halves), [30.5])


def test_certain_age_has_an_interval_within_its_year() -> None:
    low, high = age_interval(certain(30), coverage=0.8)
    np.testing.assert_allclose([low[0], high[0]], [29.6, 30.4], atol=1e-5)


def test_even_distribution_has_even_quantiles() -> None:
    even = np.full((1, 101), 1 / 101, np.float32)
    low, high = age_interval(even, coverage=0.5)
    np.testing.assert_allclose([low[0], high[0]], [24.75, 75.25], atol=1e-3)


def test_ends_stay_within_the_classes() -> None:
    low, _ = age_interval(certain(0), coverage=1.0)
    _, high = age_interval(certain(100), coverage=1.0)
    assert (low[0], high[0]) == (0.0, 100.0)


def test_no_faces_have_no_ages() -> None:
    none = np.empty((0, 101), np.float32)
    assert expected_age(none).shape == (0,)
    assert age_quantile(none, 0.5).shape == (0,)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_interval_holds_the_share_it_promises(seed: int, coverage: float) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(101, 0.3), 1)
    low, high = (float(end[0]) for end in age_interval(p, coverage))
    edges = np.arange(101) - 0.5
    inside = np.clip(np.minimum(edges + 1, high) - np.maximum(edges, low), 0, 1)
    # Ends are cut at 0 and 100, half a class short of the outermost edges.
    if low > 0.0 and high < 100.0:
        np.testing.assert_allclose((inside * p[0]).sum(), coverage, atol=1e-3)
