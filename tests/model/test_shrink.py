"""Faces made smaller inside the network."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from agegender.config import ModelConfig
from agegender.errors import ConfigError
from agegender.model.cost import count
from agegender.model.files import save_model
from agegender.model.shrink import Shrink
from agegender.model.wide_resnet import build

FACES = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)


def test_pixel_is_the_mean_of_what_it_covers() -> None:
    found = ops.convert_to_numpy(Shrink(20)(FACES))
    squares = FACES.reshape(3, 20, 2, 20, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(found, squares, rtol=1e-5)


def test_faces_that_are_smaller_already_stay_as_they_are() -> None:
    np.testing.assert_array_equal(ops.convert_to_numpy(Shrink(48)(FACES)), FACES)


def test_network_takes_the_stores_faces_and_costs_what_small_ones_cost() -> None:
    shrinking = build(ModelConfig(10, 1, input_size=20), 40, None)
    assert shrinking.input_shape == (None, 40, 40, 3)
    assert count(shrinking) == count(build(ModelConfig(10, 1), 20, None))
    small = FACES[:, :20, :20]
    doubled = small.repeat(2, axis=1).repeat(2, axis=2)
    plain = build(ModelConfig(10, 1), 20, None)
    plain.set_weights(shrinking.get_weights())
    wanted = plain.predict(small, verbose=0)["age"]
    found = shrinking.predict(doubled, verbose=0)["age"]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_size_above_that_of_the_faces_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"at most the faces' 40 px\. Received: 48"):
        build(ModelConfig(10, 1, input_size=48), 40, None)


@pytest.mark.parametrize("size", [-4, 30])
def test_size_that_the_network_cannot_halve_twice_is_refused(size: int) -> None:
    with pytest.raises(ConfigError, match="multiple of 4"):
        ModelConfig(input_size=size)


def test_network_is_read_back_where_nothing_else_was_imported(tmp_path: Path) -> None:
    model = build(ModelConfig(10, 1, input_size=20), 40, None)
    path = save_model(model, tmp_path / "network.keras")
    script = (
        "import sys\nfrom agegender.model.files import load_model\n"
        "print(load_model(sys.argv[1]).count_params())"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == str(model.count_params())
