from dataclasses import replace

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import LossConfig, ModelConfig
from agegender.model.losses import losses
from agegender.model.wide_resnet import build

SHAPES = {
    "global": ModelConfig(10, 1),
    "ordinal": ModelConfig(10, 1, age_head="ordinal", input_size=12),
    "original": ModelConfig(10, 1, pooling="original", input_norm=True),
}


def both(config: ModelConfig) -> tuple[keras.Model, keras.Model]:
    """Return a network and one with the same weights that mirrors its faces."""
    plain = build(config, 16, None, seed=1)
    mirroring = build(replace(config, mirrored=True), 16, None, seed=1)
    mirroring.set_weights(plain.get_weights())
    return plain, mirroring


@pytest.mark.parametrize("name", SHAPES)
def test_answer_is_the_mean_of_a_face_and_its_mirror_image(
    name: str, some_faces: NDArray[np.uint8]
) -> None:
    plain, mirroring = both(SHAPES[name])
    found = mirroring.predict(some_faces, batch_size=20, verbose=0)
    ways = [
        plain.predict(faces, verbose=0)
        for faces in (some_faces, some_faces[:, :, ::-1])
    ]
    for head, shape in (("age", (32, 101)), ("gender", (32, 1))):
        assert found[head].shape == shape
        assert np.abs(ways[0][head] - ways[1][head]).max() > 1e-4
        wanted = (ways[0][head] + ways[1][head]) / 2
        np.testing.assert_allclose(found[head], wanted, atol=1e-6)


def test_training_sees_faces_one_way_round(some_faces: NDArray[np.uint8]) -> None:
    truth = {"age": np.arange(32.0), "gender": np.arange(32.0) % 2}
    after = []
    for network in both(SHAPES["global"]):
        network.compile(keras.optimizers.SGD(0.01), losses(LossConfig()))
        network.train_on_batch(some_faces, truth)
        after.append(network.get_weights())
    for one, other in zip(*after, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
