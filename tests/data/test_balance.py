import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agegender.data.balance import balance_weights


def labels(*faces: tuple[float, int]) -> pd.DataFrame:
    return pd.DataFrame(faces, columns=["age", "gender"])


def test_faces_weigh_one_over_the_effective_number_of_their_group() -> None:
    # Three women in their twenties, one girl: (1 - 1/8) / (1 - 1/2) = 1.75 and 1.
    faces = labels((20.0, 0), (25.0, 0), (29.9, 0), (9.9, 0))
    raw = np.array([4 / 7, 4 / 7, 4 / 7, 1.0])
    got = balance_weights(faces, 0.5)
    np.testing.assert_allclose(got, raw / raw.mean(), rtol=1e-6)
    assert got.dtype == np.float32


def test_bands_are_told_apart_by_gender() -> None:
    faces = labels((20.0, 0), (21.0, 0), (22.0, 0), (23.0, 1))
    raw = np.array([4 / 7, 4 / 7, 4 / 7, 1.0])
    np.testing.assert_allclose(balance_weights(faces, 0.5), raw / raw.mean(), rtol=1e-6)


def test_unknown_gender_is_half_of_either() -> None:
    faces = labels((20.0, 0), (21.0, 0), (22.0, -1), (23.0, 1))
    women, men = (0.5 / (1 - 0.5**n) for n in (2.5, 1.5))
    raw = np.array([women, women, (women + men) / 2, men])
    np.testing.assert_allclose(balance_weights(faces, 0.5), raw / raw.mean(), rtol=1e-6)


def test_nobodys_gender_known_balances_ages_alone() -> None:
    got = balance_weights(labels((20.0, -1), (21.0, -1), (70.0, -1)), 0.9)
    assert got[0] == got[1] < got[2]


def test_beta_of_zero_weighs_all_faces_the_same() -> None:
    faces = labels((20.0, 0), (21.0, 0), (70.0, 1), (80.0, -1))
    np.testing.assert_array_equal(balance_weights(faces, 0.0), np.ones(4))


def test_beta_near_one_gives_every_group_the_same_sum() -> None:
    faces = labels(*[(20.0, 0)] * 30, *[(70.0, 1)] * 3, (5.0, 1))
    got = balance_weights(faces, 1 - 1e-9)
    sums = [got[:30].sum(), got[30:33].sum(), got[33]]
    np.testing.assert_allclose(sums, 34 / 3, rtol=1e-4)


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.sampled_from([-1, 0, 1])),
        min_size=1,
        max_size=200,
    ),
    st.floats(0, 0.9999),
)
def test_weights_are_positive_and_one_in_the_mean(
    faces: list[tuple[float, int]], beta: float
) -> None:
    got = balance_weights(labels(*faces), beta)
    assert (got > 0).all()
    assert got.mean() == pytest.approx(1.0, rel=1e-4)
