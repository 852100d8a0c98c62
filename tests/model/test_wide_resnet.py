from typing import Any

import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from agegender.config import AugmentConfig, ModelConfig
from agegender.errors import ConfigError
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


def test_squares_of_pixels_are_places_with_all_their_pixels_as_channels() -> None:
    model = build(ModelConfig(10, 1, patch_size=2), 16, None)
    stem = keras.Model(model.input, model.get_layer("stem").output)
    faces = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)

    def squares(pixels: NDArray[Any]) -> NDArray[Any]:
        rows, columns, *rest = pixels.shape
        parts = pixels.reshape(rows // 2, 2, columns // 2, 2, *rest)
        return np.moveaxis(parts, 2, 1)

    kernel = squares(model.get_layer("stem").get_weights()[0])
    around = np.pad(faces / 127.5 - 1, ((0, 0), (2, 2), (2, 2), (0, 0)))
    for face, answered in zip(around, stem.predict(faces, verbose=0), strict=True):
        windows = sliding_window_view(squares(face), (3, 3), axis=(0, 1))
        wanted = np.einsum("yxabcij,ijabcd->yxd", windows, kernel)
        np.testing.assert_allclose(answered, wanted, atol=1e-5)


def test_faces_of_half_squares_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"a multiple of 8 px; .* Received: 20 px"):
        build(ModelConfig(10, 1, patch_size=2), 20, None)
    build(ModelConfig(10, 1, patch_size=2, input_size=16), 20, None)
    with pytest.raises(ConfigError, match=r"patch_size must be at least 1"):
        ModelConfig(patch_size=0)


@pytest.mark.parametrize(
    ("pooling", "millions"), [("global", 11.02), ("8", 11.17), ("original", 24.46)]
)
def test_pooling_decides_how_large_the_heads_are(pooling: str, millions: float) -> None:
    model = build(ModelConfig(16, 8, pooling=pooling), 64, None)  # type: ignore[arg-type]
    assert round(model.count_params() / 1e6, 2) == millions


def test_windows_of_8_are_means_of_their_places() -> None:
    model = build(ModelConfig(10, 1, pooling="8"), 64, None)
    draws = np.random.default_rng(0)
    places = draws.normal(size=(2, 16, 16, 64)).astype(np.float32)
    pool = keras.Sequential([model.get_layer("pool"), model.get_layer("flatten")])
    wanted = places.reshape(2, 2, 8, 2, 8, 64).mean(axis=(2, 4)).reshape(2, -1)
    found = keras.ops.convert_to_numpy(pool(places))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(("side", "patch_size"), [(16, 1), (32, 2)])
def test_windows_of_8_need_as_many_places(side: int, patch_size: int) -> None:
    config = ModelConfig(10, 1, pooling="8", patch_size=patch_size)
    with pytest.raises(ConfigError, match=r"leave 4 x 4: give faces 2 times as large"):
        build(config, side, None)
    assert build(config, 2 * side, None).output["age"].shape == (None, 101)


def test_original_pooling_keeps_every_place_and_an_output_for_each_gender() -> None:
    model = build(ModelConfig(10, 1, pooling="original"), 16, None)
    assert model.get_layer("flatten").output.shape == (None, 4 * 4 * 64)
    assert model.get_layer("both_genders").units == 2
    assert model.output["gender"].shape == (None, 1)


def test_input_norm_makes_brightness_and_contrast_irrelevant_in_training(
    some_faces: NDArray[np.uint8],
) -> None:
    model = build(ModelConfig(10, 1, input_norm=True), 16, None)
    paler = (some_faces // 4 + 100).astype(np.uint8)
    one, other = (
        keras.ops.convert_to_numpy(model(faces, training=True)["age"])
        for faces in (some_faces // 4, paler)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("head", ["softmax", "ordinal"])
def test_heads_without_evidence_find_all_ages_about_equally_likely(head: str) -> None:
    model = build(ModelConfig(10, 1, age_head=head), 16, None)  # type: ignore[arg-type]
    kernel = "age" if head == "softmax" else "age_steps"
    weights = model.get_layer(kernel).get_weights()
    model.get_layer(kernel).set_weights([np.zeros_like(weights[0]), weights[1]])
    found = model.predict(np.zeros((1, 16, 16, 3), np.uint8), verbose=0)["age"]
    np.testing.assert_allclose(found, 1 / 101, rtol=1e-4)
