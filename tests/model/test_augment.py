from dataclasses import asdict

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import AugmentConfig
from agegender.model.augment import Augment

NOTHING = {"flip": False, "shift": 0.0, "brightness": 0.0, "contrast": 0.0}
EVERYTHING = {
    "flip": True,
    "shift": 0.1,
    "scale": 0.2,
    "rotation": 20.0,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.3,
    "colour": 0.1,
    "blur": 0.5,
    "erase": 0.5,
}
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


@pytest.mark.parametrize("setting", EVERYTHING)
def test_every_setting_changes_faces_by_itself(
    some_faces: NDArray[np.uint8], setting: str
) -> None:
    found = changed(some_faces, **{setting: EVERYTHING[setting]})
    assert found.shape == some_faces.shape
    assert not np.array_equal(found, some_faces)
    assert found.min() >= 0.0
    assert found.max() <= 255.0


def test_rotation_turns_about_the_centre_and_scale_keeps_it() -> None:
    faces = np.zeros((64, 17, 17, 3), np.uint8)
    faces[:, 8, 8] = 200
    found = changed(faces, rotation=40.0, scale=0.3, flip=True)
    np.testing.assert_allclose(found[:, 8, 8], 200.0, atol=1e-2)


def test_scale_enlarges_and_reduces_by_at_most_what_is_set() -> None:
    faces = np.zeros((400, 32, 32, 3), np.uint8)
    faces[:, 8:24, 8:24] = 100
    # The square's side after the change, from its area.
    sides = np.sqrt(changed(faces, scale=0.25)[..., 0].sum(axis=(1, 2)) / 100)
    assert sides.min() >= 16 / 1.25 - 0.5
    assert sides.max() <= 16 * 1.25 + 0.5
    assert sides.min() < 14
    assert sides.max() > 19


def test_saturation_leaves_grey_faces_grey(some_faces: NDArray[np.uint8]) -> None:
    grey = np.repeat(some_faces[..., :1], 3, axis=-1)
    np.testing.assert_allclose(changed(grey, saturation=0.5), grey, atol=0.01)


def test_colour_scales_each_channel_of_a_face_by_its_own_factor() -> None:
    faces = np.full((64, 16, 16, 3), 100, np.uint8)
    found = changed(faces, colour=0.1)
    np.testing.assert_allclose(found, found[:, :1, :1] + 0 * found, atol=1e-4)
    factors = found[:, 0, 0] / 100
    assert 0.9 <= factors.min() < 0.93
    assert 1.07 < factors.max() <= 1.1
    assert (factors.std(axis=1) > 0.01).mean() > 0.9


def test_blur_softens_its_share_of_the_faces() -> None:
    draws = np.random.default_rng(0)
    faces = draws.integers(0, 256, (400, 16, 16, 3), dtype=np.uint8)
    found = changed(faces, blur=0.25)
    soft = (found != faces).any(axis=(1, 2, 3))
    assert 0.18 < soft.mean() < 0.32
    grain = [np.diff(f, axis=1).std(axis=(1, 2, 3)) for f in (found, faces * 1.0)]
    assert (grain[0] <= grain[1] + 1e-3).all()


def test_erase_paints_one_rectangle_of_its_share_of_the_faces() -> None:
    faces = np.full((400, 32, 32, 3), 77, np.uint8)
    found = changed(faces, erase=0.5, erase_area=0.2)
    painted = (found != 77).any(axis=-1)
    assert 0.4 < painted.any(axis=(1, 2)).mean() < 0.6
    rows, columns = painted.any(axis=2), painted.any(axis=1)
    np.testing.assert_array_equal(painted, rows[:, :, None] & columns[:, None])
    assert painted.mean(axis=(1, 2)).max() < 0.25
    for face, hit in zip(found, painted, strict=True):
        assert len(np.unique(face[hit], axis=0)) <= 1


def test_mixing_is_left_to_the_batches(some_faces: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(changed(some_faces, mixup=1.0), some_faces)


def test_same_seed_makes_the_same_changes(some_faces: NDArray[np.uint8]) -> None:
    first, second = (changed(some_faces, **EVERYTHING) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_next_batch_is_changed_otherwise(some_faces: NDArray[np.uint8]) -> None:
    layer = Augment.of(AugmentConfig(**EVERYTHING), seed=3)  # type: ignore[arg-type]
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


def test_kept_state_makes_the_next_batch_again(some_faces: NDArray[np.uint8]) -> None:
    layer = Augment.of(AugmentConfig(**EVERYTHING), seed=3)  # type: ignore[arg-type]
    layer(some_faces, training=True)
    kept = [keras.ops.convert_to_numpy(variable) for variable in layer.variables]
    wanted = keras.ops.convert_to_numpy(layer(some_faces, training=True))
    other = Augment.from_config(layer.get_config())
    for variable, value in zip(other.variables, kept, strict=True):
        variable.assign(value)
    found = keras.ops.convert_to_numpy(other(some_faces, training=True))
    np.testing.assert_array_equal(found, wanted)


def test_layer_comes_back_with_all_its_settings() -> None:
    config = AugmentConfig(**EVERYTHING)  # type: ignore[arg-type]
    layer = Augment.from_config(Augment.of(config, seed=3).get_config())
    assert (asdict(layer.config), layer.seed) == (asdict(config), 3)
