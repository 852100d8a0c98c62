import numpy as np
import pandas as pd
import pytest
from storing import write_store

from agegender.config import AugmentConfig, CropRule
from agegender.data.batches import FaceBatches
from agegender.data.store import FaceStore

ROWS = np.arange(1, 11)


@pytest.fixture(scope="module")
def numbered_store(tmp_path_factory: pytest.TempPathFactory) -> FaceStore:
    """Return 12 faces; the number of each is its colour and its age."""
    numbers = np.arange(12)
    names = [f"face{n}" for n in numbers]
    labels = pd.DataFrame(
        {
            "id": names,
            "source": "test",
            "identity": names,
            "age": numbers.astype(np.float32),
            "gender": (numbers % 2).astype(np.int8),
            "split": "train",
        }
    )
    faces = np.broadcast_to(
        numbers.astype(np.uint8)[:, None, None, None], (12, 16, 16, 3)
    )
    out = tmp_path_factory.mktemp("batches") / "store"
    rule = CropRule(size=16)
    return write_store(out, np.ascontiguousarray(faces), labels, crop_rule=rule)


def numbers(batches: FaceBatches) -> list[list[int]]:
    """Return the faces of each batch of an epoch, by number."""
    return [batches[i][0][:, 0, 0, 0].tolist() for i in range(len(batches))]


def test_labels_belong_to_their_faces(numbered_store: FaceStore) -> None:
    faces, targets = FaceBatches(numbered_store, ROWS, 4, shuffle_seed=0)[1]
    assert faces.shape == (4, 16, 16, 3)
    assert faces.dtype == np.uint8
    np.testing.assert_array_equal(targets["age"], faces[:, 0, 0, 0])
    np.testing.assert_array_equal(targets["gender"], faces[:, 0, 0, 0] % 2)
    assert {target.dtype for target in targets.values()} == {np.dtype(np.float32)}


def test_without_shuffling_every_face_comes_once_in_order(
    numbered_store: FaceStore,
) -> None:
    batches = FaceBatches(numbered_store, ROWS, 4)
    assert numbers(batches) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    batches.on_epoch_end()
    assert numbers(batches)[0] == [1, 2, 3, 4]


def test_shuffled_epochs_hold_whole_batches_of_different_faces(
    numbered_store: FaceStore,
) -> None:
    epoch = numbers(FaceBatches(numbered_store, ROWS, 4, shuffle_seed=0))
    assert [len(batch) for batch in epoch] == [4, 4]
    seen = {number for batch in epoch for number in batch}
    assert len(seen) == 8
    assert seen <= set(ROWS.tolist())


def test_order_follows_seed_and_epoch(numbered_store: FaceStore) -> None:
    first, same, other = (
        FaceBatches(numbered_store, ROWS, 4, shuffle_seed=seed) for seed in (0, 0, 1)
    )
    before = numbers(first)
    assert before == numbers(same)
    assert before != numbers(other)
    first.on_epoch_end()
    assert numbers(first) != before
    same.on_epoch_end()
    assert numbers(first) == numbers(same)


def test_fewer_faces_than_a_batch_make_one(numbered_store: FaceStore) -> None:
    batches = FaceBatches(numbered_store, ROWS[:3], 4, shuffle_seed=0)
    assert numbers(batches) == [[1, 2, 3]]


def test_weights_go_with_their_faces(numbered_store: FaceStore) -> None:
    weights = ROWS.astype(np.float32) / 5
    batches = FaceBatches(numbered_store, ROWS, 4, shuffle_seed=0, weights=weights)
    for index in range(len(batches)):
        faces, _, weight = batches[index]
        np.testing.assert_allclose(weight, faces[:, 0, 0, 0] / 5)


def test_unknown_gender_becomes_nan(numbered_store: FaceStore) -> None:
    labels = numbered_store.labels.assign(gender=np.int8(-1))
    unknown = FaceStore(
        numbered_store.path, numbered_store.faces, labels, numbered_store.manifest
    )
    assert np.isnan(FaceBatches(unknown, ROWS, 4)[0][1]["gender"]).all()


def test_batch_that_devices_cannot_share_is_filled_with_unlabelled_faces(
    numbered_store: FaceStore,
) -> None:
    batches = FaceBatches(numbered_store, ROWS, 4, shares=4)
    np.testing.assert_array_equal(batches[0][1]["age"], [1, 2, 3, 4])
    faces, targets = batches[2]
    assert faces.shape == (4, 16, 16, 3)
    np.testing.assert_array_equal(targets["age"], [9, 10, np.nan, np.nan])
    np.testing.assert_array_equal(targets["gender"], [1, 0, np.nan, np.nan])
    assert {target.dtype for target in targets.values()} == {np.dtype(np.float32)}


def test_mixed_batch_is_filled_for_the_devices_after_it_is_mixed(
    numbered_store: FaceStore,
) -> None:
    augment = AugmentConfig(mixup=1.0)
    batches = FaceBatches(numbered_store, ROWS, 4, shares=4, augment=augment)
    faces, targets = batches[2]
    assert faces.shape == (4, 16, 16, 3)
    known = np.isfinite(targets["age"])
    assert known.tolist() == [[True] * 3, [True] * 3, [False] * 3, [False] * 3]


def test_mixed_batches_are_drawn_from_their_place_alone(
    numbered_store: FaceStore,
) -> None:
    augment = AugmentConfig(mixup=1.0)
    first, again = (
        FaceBatches(numbered_store, ROWS, 4, 0, augment=augment) for _ in range(2)
    )
    first[0]  # reading another one before changes nothing
    for one, other in zip(first[1], again[1], strict=True):
        np.testing.assert_equal(one, other)
    assert first[1][1]["age"].shape == (4, 3)
    before = first[1][1]["age"][:, 2]
    assert not np.array_equal(before, first[0][1]["age"][:, 2])
    first.on_epoch_end()
    assert not np.array_equal(before, first[1][1]["age"][:, 2])
