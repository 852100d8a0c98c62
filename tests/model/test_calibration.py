"""What a calibration does to answers, and how it travels."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agegender.errors import ModelError
from agegender.model.ages import expected_age
from agegender.model.calibration import Calibration, band_of, tempered

FITTED = Calibration(
    age_temperature=1.5,
    gender_temperature=0.8,
    levels=(0.5, 0.9),
    spans=tuple((0.4, share) for share in (0.6, 0.7, 0.8, 0.9, 0.95, 1.0)),
    faces=1234,
)


def around(age: float) -> np.ndarray:
    p = np.exp(-0.5 * ((np.arange(101) - age) / 5.0) ** 2)
    return (p / p.sum())[np.newaxis]


def certain(age: int) -> np.ndarray:
    return np.eye(101, dtype=np.float32)[[age]]


def test_nothing_fitted_changes_nothing() -> None:
    p = around(30).astype(np.float32)
    male = np.array([0.3], np.float32)
    assert Calibration().of_ages(p) is p
    assert Calibration().of_genders(male) is male
    assert not Calibration().has_intervals


def test_temperature_flattens_and_sharpens_as_a_softmax_does() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 101))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    hot = np.exp(logits / 2.5)
    expected = hot / hot.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(tempered(p, 2.5), expected, rtol=1e-9)
    assert tempered(p, 0.1).max(axis=1).min() > p.max(axis=1).max()


def test_even_odds_stay_even_and_sure_answers_stay_probabilities() -> None:
    got = FITTED.of_genders(np.array([0.5, 0.0, 1.0, 0.9]))
    assert got[0] == pytest.approx(0.5)
    assert (got[1], got[2]) == pytest.approx((0.0, 1.0))
    assert got[3] == pytest.approx(1 / (1 + (1 / 9) ** (1 / 0.8)))


def test_band_of_an_age_is_the_one_that_began_last() -> None:
    assert band_of(np.array([0.0, 9.99, 10.0, 59.9, 60.0, 100.0])).tolist() == [
        0, 0, 1, 4, 5, 5,
    ]  # fmt: skip


def test_span_follows_the_guessed_age_and_the_level() -> None:
    p = np.concatenate([around(5), around(35), around(80)])
    low, high = FITTED.age_interval(p, 0.9)
    plain = Calibration()
    for row, span in ((0, 0.6), (1, 0.9), (2, 1.0)):
        ends = plain.age_interval(p[[row]], span)
        assert (low[row], high[row]) == (ends[0][0], ends[1][0])
    assert (low[2], high[2]) == (0.0, 100.0)


def test_level_between_two_takes_the_higher_and_beyond_all_is_everything() -> None:
    p = around(35)
    assert FITTED.age_interval(p, 0.6) == FITTED.age_interval(p, 0.9)
    assert FITTED.age_interval(p, 0.5)[0] > FITTED.age_interval(p, 0.9)[0]
    low, high = FITTED.age_interval(p, 0.95)
    assert (low[0], high[0]) == (0.0, 100.0)


def test_certain_age_has_an_interval_within_its_year() -> None:
    low, high = Calibration().age_interval(certain(30), 0.8)
    np.testing.assert_allclose([low[0], high[0]], [29.6, 30.4], atol=1e-5)


def test_ends_stay_within_the_classes() -> None:
    low, _ = Calibration().age_interval(certain(0), 1.0)
    _, high = Calibration().age_interval(certain(100), 1.0)
    assert (low[0], high[0]) == (0.0, 100.0)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_unfitted_interval_spans_its_share(seed: int, level: float) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(101, 0.3), 1)
    low, high = (float(end[0]) for end in Calibration().age_interval(p, level))
    edges = np.arange(101) - 0.5
    inside = np.clip(np.minimum(edges + 1, high) - np.maximum(edges, low), 0, 1)
    # Ends are cut at 0 and 100, half a class short of the outermost edges.
    if low > 0.0 and high < 100.0:
        np.testing.assert_allclose((inside * p[0]).sum(), level, atol=1e-3)


def test_no_faces_have_no_intervals() -> None:
    none = np.empty((0, 101), np.float32)
    assert FITTED.of_ages(none).shape == (0, 101)
    assert [end.shape for end in FITTED.age_interval(none, 0.9)] == [(0,), (0,)]
    assert expected_age(none).shape == (0,)


def test_json_brings_it_back() -> None:
    assert Calibration.from_json(FITTED.to_json()) == FITTED
    assert Calibration.from_json(Calibration().to_json()) == Calibration()


@pytest.mark.parametrize(
    "spoilt",
    [
        "{",
        "[]",
        '{"unknown": 1}',
        '{"age_temperature": 0}',
        '{"age_temperature": NaN}',
        '{"age_temperature": "hot"}',
        '{"levels": [0.9]}',
        '{"levels": 3}',
        "[" * 10**5,
        json.dumps({"levels": ["high"], "spans": [[0.5]] * 6}),
        json.dumps({"levels": [90], "spans": [[0.5]] * 6}),
        json.dumps({"levels": [0.9, 0.5], "spans": [[0.5, 0.6]] * 6}),
        json.dumps({"levels": [0.9], "spans": [[2.0]] * 6}),
        json.dumps({"levels": [0.9], "spans": [[0.5]] * 5}),
        json.dumps({"levels": [0.9], "spans": [[0.5, 0.6]] + [[0.5]] * 5}),
    ],
)
def test_spoilt_calibration_is_refused_in_one_line(spoilt: str) -> None:
    with pytest.raises(ModelError) as caught:
        Calibration.from_json(spoilt)
    assert "\n" not in str(caught.value)
