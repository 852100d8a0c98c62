import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import AugmentConfig, ModelConfig
from agegender.model.wide_resnet import build


def convolutions(model: keras.Model, kernel: int) -> list[keras.layers.Layer]:
    found = (x for x in model.layers if isinstance(x, keras.layers.Conv2D))
    return [layer for layer in found if layer.kernel_size == (kernel, kernel)]


@pytest.mark.parametrize("depth", [10, 16, 22])
def test_depth_counts_convolutions_and_one_dense_stage(depth: int) -> None:
    model = build(ModelConfig(depth, 1), 16, None)
    # The three shortcuts count as convolutions of the paper's depth 6n + 4.
    assert len(convolutions(model, 3)) == depth - 3
    assert len(convolutions(model, 1)) == 2  # group 1 keeps its 16 channels


def test_shortcut_of_the_first_group_is_projected_once_it_is_widened() -> None:
    names = {x.name for x in convolutions(build(ModelConfig(10, 2), 16, None), 1)}
    assert names == {f"group{group}_block1_shortcut" for group in (1, 2, 3)}


def test_width_multiplies_channels_and_groups_halve_the_picture() -> None:
    model = build(ModelConfig(10, 3), 16, None)
    shapes = [model.get_layer(f"group{n}_block1_add").output.shape for n in (1, 2, 3)]
    assert shapes == [(None, 16, 16, 48), (None, 8, 8, 96), (None, 4, 4, 192)]


def test_shortcut_starts_from_the_activated_input() -> None:
    model = build(ModelConfig(10, 2), 16, None)
    activated = model.get_layer("group2_block1_relu1").output
    assert model.get_layer("group2_block1_shortcut").input is activated


def test_only_heads_have_biases() -> None:
    model = build(ModelConfig(10, 1), 16, None)
    biased = {x.name for x in model.layers if getattr(x, "use_bias", False)}
    assert biased == {"age", "gender"}


def test_answers_are_probabilities(
    tiny_network: keras.Model, some_faces: NDArray[np.uint8]
) -> None:
    answers = tiny_network.predict(some_faces, verbose=0)
    assert answers["age"].shape == (32, 101)
    assert answers["gender"].shape == (32, 1)
    np.testing.assert_allclose(answers["age"].sum(axis=1), 1.0, atol=1e-5)
    assert ((answers["gender"] > 0) & (answers["gender"] < 1)).all()


def test_inference_is_repeatable_although_augmentation_and_dropout_are_in(
    tiny_network: keras.Model, some_faces: NDArray[np.uint8]
) -> None:
    first = tiny_network.predict(some_faces, verbose=0)
    second = tiny_network.predict(some_faces, verbose=0)
    np.testing.assert_array_equal(first["age"], second["age"])


def test_seed_decides_weights() -> None:
    first, same, other = (
        build(ModelConfig(10, 1), 16, None, seed).get_layer("stem").get_weights()[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.allclose(first, other)


def test_layers_of_equal_shape_start_from_different_weights() -> None:
    model = build(ModelConfig(10, 1), 16, None)
    one, two = (model.get_layer(f"group1_block1_conv{n}") for n in (1, 2))
    assert not np.allclose(one.get_weights()[0], two.get_weights()[0])


def test_first_weights_have_the_spread_of_he() -> None:
    kernel = build(ModelConfig(10, 4), 16, None).get_layer("group3_block1_conv2")
    spread = kernel.get_weights()[0].std()
    assert spread == pytest.approx(np.sqrt(2 / (9 * 256)), rel=0.02)


def test_bfloat16_body_keeps_float32_heads_and_weights() -> None:
    model = build(ModelConfig(10, 1), 16, AugmentConfig(), 0, "mixed_bfloat16")
    assert model.get_layer("stem").compute_dtype == "bfloat16"
    assert model.get_layer("age").compute_dtype == "float32"
    assert {w.dtype for w in model.trainable_weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
