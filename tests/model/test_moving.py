import keras
import numpy as np
from numpy.typing import NDArray

from agegender.model.moving import between, sources

Floats = NDArray[np.float32]
SIDE = 16


def moved(
    faces: NDArray[np.uint8],
    across: tuple[float, float] = (1.0, 0.0),
    down: tuple[float, float] = (0.0, 1.0),
    shift: tuple[float, float] = (0.0, 0.0),
) -> Floats:
    """Move every face alike."""
    numbers = [
        tuple(np.full(len(faces), x, np.float32) for x in two)
        for two in (across, down, shift)
    ]
    rows, columns = sources(*numbers, faces.shape[1])  # type: ignore[arg-type]
    return np.asarray(keras.ops.convert_to_numpy(between(faces, rows, columns)))


def test_identity_changes_nothing(some_faces: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(moved(some_faces), some_faces)


def test_quarter_turn_is_exact(some_faces: NDArray[np.uint8]) -> None:
    found = moved(some_faces, across=(0.0, 1.0), down=(-1.0, 0.0))
    np.testing.assert_array_equal(found, np.rot90(some_faces, axes=(1, 2)))


def test_mirror_is_exact(some_faces: NDArray[np.uint8]) -> None:
    found = moved(some_faces, across=(-1.0, 0.0))
    np.testing.assert_array_equal(found, some_faces[:, :, ::-1])


def test_shift_repeats_the_border(some_faces: NDArray[np.uint8]) -> None:
    found = moved(some_faces, shift=(3.0, -2.0))
    padded = np.pad(some_faces, ((0, 0), (2, 0), (0, 3), (0, 0)), mode="edge")
    np.testing.assert_array_equal(found, padded[:, :SIDE, 3:])


def test_half_a_pixel_is_keys_mean_of_four(some_faces: NDArray[np.uint8]) -> None:
    found = moved(some_faces, shift=(0.5, 0.0))
    wide = np.pad(some_faces, ((0, 0), (0, 0), (1, 1), (0, 0)), mode="edge")
    wide = wide.astype(np.float32)
    outer = wide[:, :, :-3] + wide[:, :, 3:]
    inner = wide[:, :, 1:-2] + wide[:, :, 2:-1]
    wanted = ((9 * inner - outer) / 16).clip(0, 255)
    np.testing.assert_allclose(found[:, :, :-1], wanted, atol=1e-3)
    np.testing.assert_array_equal(found[:, :, -1], some_faces[:, :, -1])


def test_curves_are_followed_between_pixels() -> None:
    # What means of neighbours cannot: a parabola goes through.
    parabola = (np.arange(SIDE, dtype=np.float32) - 7.0) ** 2
    faces = np.broadcast_to(parabola[None, None, :, None], (2, SIDE, SIDE, 3))
    found = moved(np.ascontiguousarray(faces), shift=(0.3, 0.4))
    wanted = (np.arange(SIDE) + 0.3 - 7.0) ** 2
    np.testing.assert_allclose(found[0, 5, 1:-2, 0], wanted[1:-2], rtol=1e-4)


def test_steps_of_half_a_pixel_enlarge_twofold() -> None:
    ramp = np.arange(SIDE, dtype=np.uint8)[None, None, :, None] * 10
    faces = np.ascontiguousarray(np.broadcast_to(ramp, (2, SIDE, SIDE, 3)))
    found = moved(faces, across=(0.5, 0.0), down=(0.0, 0.5))
    wanted = 75 + 5 * (np.arange(SIDE) - 7.5)
    np.testing.assert_allclose(found[0, 0, :, 0], wanted, atol=1e-3)
