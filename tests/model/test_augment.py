import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import AugmentConfig
from agegender.model.augment import Augment

NOTHING = {"flip": False, "shift": 0.0, "brightness": 0.0, "contrast": 0.0}
Floats = NDArray[np.float32]


def changed(faces: NDArray[np.uint8], **changes: float) -> Floats:
    layer = Augment.of(AugmentConfig(**{**NOTHING, **changes}), seed=3)  # type: ignore[arg-type]
    return np.asarray(keras.ops.convert_to_numpy(layer(faces, training=True)))


def test_faces_pass_unchanged_outside_training(some_faces: NDArray[np.uint8]) -> None:
    layer = Augment.of(AugmentConfig(), seed=3)
    found = keras.ops.convert_to_numpy(layer(some_faces, training=False))
    np.testing.assert_array_equal(found, some_faces)


def test_all_changes_off_change_nothing(some_faces: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(changed(some_faces), some_faces)


def test_each_face_is_mirrored_or_not(some_faces: NDArray[np.uint8]) -> None:
    found = changed(some_faces, flip=True)
    same = (found == some_faces).all(axis=(1, 2, 3))
    mirrored = (found == some_faces[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 6 <= mirrored.sum() <= 26


def test_shift_moves_whole_pixels_and_repeats_the_border(
    some_faces: NDArray[np.uint8],
) -> None:
    found = changed(some_faces, shift=0.15)  # 2.4 of 16 pixels
    padded = np.pad(some_faces, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    moves = np.stack(
        [
            (padded[:, y : y + 16, x : x + 16] == found).all(axis=(1, 2, 3))
            for y in range(5)
            for x in range(5)
        ]
    )
    assert (moves.sum(axis=0) == 1).all()
    assert moves.any(axis=1).sum() > 8


def test_brightness_adds_one_number_to_a_face() -> None:
    grey = np.full((64, 16, 16, 3), 128, np.uint8)
    found = changed(grey, brightness=0.2) - 128.0
    np.testing.assert_allclose(found, found[:, :1, :1, :1] + 0 * found, atol=1e-3)
    assert np.abs(found).max() <= 0.2 * 255
    assert found[:, 0, 0, 0].std() > 15


def test_contrast_keeps_the_mean_and_stretches_the_rest() -> None:
    faces = np.full((64, 16, 16, 3), 100, np.uint8)
    faces[:, 8:] = 140
    found = changed(faces, contrast=0.2)
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), 120.0, atol=1e-2)
    factors = (found[:, 8, 0, 0] - found[:, 0, 0, 0]) / 40.0
    assert factors.min() >= 0.8 - 1e-4
    assert factors.max() <= 1.2 + 1e-4
    assert factors.std() > 0.05


def test_light_stays_within_what_a_pixel_can_hold() -> None:
    white = np.full((64, 16, 16, 3), 255, np.uint8)
    assert changed(white, brightness=0.5, contrast=0.5).max() == 255.0


def test_same_seed_makes_the_same_changes(some_faces: NDArray[np.uint8]) -> None:
    settings = {"flip": True, "shift": 0.1, "brightness": 0.2, "contrast": 0.2}
    first, second = (changed(some_faces, **settings) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_next_batch_is_changed_otherwise(some_faces: NDArray[np.uint8]) -> None:
    layer = Augment.of(AugmentConfig(), seed=3)
    first, second = (
        keras.ops.convert_to_numpy(layer(some_faces, training=True)) for _ in range(2)
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_output_has_the_type_that_the_network_computes_in(precision: str) -> None:
    layer = Augment.of(AugmentConfig(), 3, precision)
    faces = np.zeros((2, 16, 16, 3), np.uint8)
    for training in (True, False):
        found = layer(faces, training=training)
        assert keras.backend.standardize_dtype(found.dtype) == layer.compute_dtype
