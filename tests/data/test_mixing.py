import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.data.mixing import Mixer, blend, cut

Array = NDArray[np.float32]
COUNT, SIDE = 64, 16


@pytest.fixture
def numbered() -> tuple[NDArray[np.uint8], dict[str, Array]]:
    """Return faces of one grey each, three times their age."""
    age = np.arange(COUNT, dtype=np.float32)
    faces = np.broadcast_to(
        3 * age.astype(np.uint8)[:, None, None, None], (COUNT, SIDE, SIDE, 3)
    )
    gender = np.where(age % 3 == 0, np.nan, age % 2).astype(np.float32)
    return np.ascontiguousarray(faces), {"age": age, "gender": gender}


def mixed(
    numbered: tuple[NDArray[np.uint8], dict[str, Array]],
    seed: int = 0,
    **betas: float,
) -> tuple[NDArray[np.uint8], dict[str, Array]]:
    return Mixer(**betas).mix(*numbered, np.random.default_rng(seed))[:2]


def test_blend_weighs_pixels_by_the_share_that_it_returns() -> None:
    draws = np.random.default_rng(0)
    faces, others = draws.integers(0, 256, (2, 8, SIDE, SIDE, 3), dtype=np.uint8)
    found, share = blend(faces, others, np.linspace(0, 1, 8))
    wide = share[:, None, None, None]
    np.testing.assert_allclose(found, wide * faces + (1 - wide) * others, atol=0.5)
    np.testing.assert_allclose(share, np.linspace(0, 1, 8), atol=1 / 512)
    np.testing.assert_array_equal(found[0], others[0])
    np.testing.assert_array_equal(found[-1], faces[-1])


def test_cut_returns_the_share_of_pixels_that_it_left() -> None:
    own = np.zeros((200, SIDE, SIDE, 3), np.uint8)
    wanted = np.full(200, 0.75)
    found, share = cut(own, own + 1, wanted, np.random.default_rng(0))
    np.testing.assert_allclose(1 - found.mean(axis=(1, 2, 3)), share, atol=1e-6)
    assert share.min() == pytest.approx(0.75)  # half the side, wholly within
    assert share.max() > 0.85  # across the edge


def test_cut_pastes_one_rectangle() -> None:
    own = np.zeros((50, SIDE, SIDE, 3), np.uint8)
    shares = np.random.default_rng(1).random(50)
    found, _ = cut(own, own + 1, shares, np.random.default_rng(0))
    rows, columns = found[..., 0].any(axis=2), found[..., 0].any(axis=1)
    np.testing.assert_array_equal(found[..., 0], rows[:, :, None] & columns[:, None])
    for lines in (rows, columns):
        assert (np.abs(np.diff(lines.astype(int), axis=1)).sum(axis=1) <= 2).all()


@pytest.mark.parametrize("way", ["mixup", "cutmix"])
def test_labels_are_those_of_both_faces(
    numbered: tuple[NDArray[np.uint8], dict[str, Array]], way: str
) -> None:
    faces, targets = mixed(numbered, **{way: 1.0})
    own, other, share = targets["age"].T
    np.testing.assert_array_equal(own, numbered[1]["age"])
    assert (own != other).all()
    mean = 3 * (share * own + (1 - share) * other)
    np.testing.assert_allclose(faces.mean(axis=(1, 2, 3)), mean, atol=0.51)
    assert share.std() > 0.2


def test_each_head_keeps_its_unknown_labels(
    numbered: tuple[NDArray[np.uint8], dict[str, Array]],
) -> None:
    _, targets = mixed(numbered, mixup=0.4)
    for side in (0, 1):
        age = targets["age"][:, side]
        wanted = np.where(age % 3 == 0, np.nan, age % 2)
        np.testing.assert_array_equal(targets["gender"][:, side], wanted)
    np.testing.assert_array_equal(targets["gender"][:, 2], targets["age"][:, 2])


def test_small_parameter_leaves_most_faces_nearly_pure(
    numbered: tuple[NDArray[np.uint8], dict[str, Array]],
) -> None:
    pure = [
        (np.abs(mixed(numbered, mixup=beta)[1]["age"][:, 2] - 0.5) > 0.4).mean()
        for beta in (0.1, 5.0)
    ]
    assert pure[0] > 0.6
    assert pure[1] < 0.1


def test_batches_take_either_way_where_both_are_set(
    numbered: tuple[NDArray[np.uint8], dict[str, Array]],
) -> None:
    spreads = [
        mixed(numbered, seed, mixup=1.0, cutmix=1.0)[0].std(axis=(1, 2)).max()
        for seed in range(12)
    ]
    assert 1 <= sum(spread == 0 for spread in spreads) <= 11


def test_batch_of_one_face_stays_what_it_is() -> None:
    face = np.full((1, SIDE, SIDE, 3), 7, np.uint8)
    labels = {"age": np.ones(1, np.float32)}
    found, _, _ = Mixer(mixup=1.0).mix(face, labels, np.random.default_rng(0))
    np.testing.assert_array_equal(found, face)


def test_each_label_counts_by_its_share_and_the_weight_of_its_face(
    numbered: tuple[NDArray[np.uint8], dict[str, Array]],
) -> None:
    weights = np.linspace(0.1, 3.0, COUNT, dtype=np.float32)
    plain = mixed(numbered, mixup=1.0)[1]["age"]
    draws = np.random.default_rng(0)
    _, targets, pairs = Mixer(mixup=1.0).mix(*numbered, draws, weights)
    own, other, share = targets["age"].T
    assert pairs is not None
    np.testing.assert_allclose(
        pairs * share, plain[:, 2] * weights[own.astype(int)], atol=1e-5
    )
    np.testing.assert_allclose(
        pairs * (1 - share), (1 - plain[:, 2]) * weights[other.astype(int)], atol=1e-5
    )
