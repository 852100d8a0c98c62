import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.model import lighting

Floats = NDArray[np.float32]


def numpy(tensor: object) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def one(value: float) -> Floats:
    return np.array([value], np.float32)


@pytest.fixture
def face() -> Floats:
    """Return one face of noise."""
    return np.random.default_rng(0).uniform(0, 255, (1, 9, 9, 3)).astype(np.float32)


def test_no_saturation_leaves_the_grey_of_each_pixel(face: Floats) -> None:
    found = numpy(lighting.saturated(face, one(0.0)))
    grey = face @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(found, np.repeat(grey[..., None], 3, -1), atol=1e-3)


def test_double_saturation_doubles_the_distance_from_grey(face: Floats) -> None:
    grey = numpy(lighting.saturated(face, one(0.0)))
    found = numpy(lighting.saturated(face, one(2.0)))
    np.testing.assert_allclose(found - grey, 2 * (face - grey), atol=1e-3)


def test_blurred_point_is_the_outer_product_of_1_4_6_4_1() -> None:
    point = np.zeros((1, 9, 9, 3), np.float32)
    point[:, 4, 4] = 256.0
    found = numpy(lighting.softened(point, one(1.0)))[0, ..., 0]
    weights = np.array([0, 0, 1, 4, 6, 4, 1, 0, 0], np.float32)
    np.testing.assert_allclose(found, np.outer(weights, weights), atol=1e-4)


def test_blur_repeats_the_border() -> None:
    flat = np.full((1, 9, 9, 3), 90.0, np.float32)
    np.testing.assert_allclose(numpy(lighting.softened(flat, one(1.0))), flat)


def test_half_a_blur_is_halfway(face: Floats) -> None:
    half, full = (numpy(lighting.softened(face, one(x))) for x in (0.5, 1.0))
    np.testing.assert_allclose(half, 0.5 * (face + full), atol=1e-3)


def test_erased_rectangle_has_its_place_size_and_colour(face: Floats) -> None:
    colour = np.array([[1.0, 2.0, 3.0]], np.float32)
    centre, size = (one(2.0), one(6.5)), (one(2.0), one(3.0))
    found = numpy(lighting.erased(face, centre, size, colour))
    wanted = face.copy()
    wanted[0, 1:3, 5:8] = colour
    np.testing.assert_array_equal(found, wanted)


def test_rectangle_of_no_size_erases_nothing(face: Floats) -> None:
    colour = np.zeros((1, 3), np.float32)
    centre, nothing = (one(4.5), one(4.5)), (one(0.0), one(0.0))
    found = numpy(lighting.erased(face, centre, nothing, colour))
    np.testing.assert_array_equal(found, face)
