import pytest

from agegender.config import ModelConfig
from agegender.model.cost import count
from agegender.model.diagram import draw, stages
from agegender.model.wide_resnet import build


def test_reference_network_costs_what_hand_arithmetic_says() -> None:
    cost = count(build(ModelConfig(16, 8), 64, None))
    assert cost.parameters == 11_016_279 - 513
    convolutions = (
        64 * 64 * 9 * 3 * 16
        + 64 * 64 * (9 * 16 * 128 + 3 * 9 * 128 * 128 + 16 * 128)
        + 32 * 32 * (9 * 128 * 256 + 3 * 9 * 256 * 256 + 128 * 256)
        + 16 * 16 * (9 * 256 * 512 + 3 * 9 * 512 * 512 + 256 * 512)
    )
    assert cost.forward_flops == 2 * (convolutions + 512 * 102)


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(10, 1),
        ModelConfig(22, 3, input_norm=True),
        ModelConfig(10, 1, pooling="8", age_head="ordinal"),
        ModelConfig(10, 1, pooling="original", input_size=24, mirrored=True),
        ModelConfig(10, 1, input_size=40, patch_size=2),
    ],
)
def test_diagram_counts_the_parameters_that_the_network_has(
    config: ModelConfig,
) -> None:
    drawn = sum(stage.parameters for stage in stages(config, 44))
    assert drawn == count(build(config, 44, None)).parameters


def test_diagram_shows_the_faces_as_the_network_sees_them() -> None:
    faces, first, *_ = stages(ModelConfig(10, 1, input_size=24, mirrored=True), 44)
    assert faces.text == "faces, uint8 RGB, both ways round, at 24 px"
    assert (faces.shape, first.shape) == ("44 x 44 x 3", "24 x 24 x 16")


def test_diagram_shows_that_squares_of_pixels_are_one_place() -> None:
    _, first, second, *_ = stages(ModelConfig(10, 1, patch_size=2), 64)
    assert (first.text, first.shape) == ("conv 6 x 6, stride 2", "32 x 32 x 16")
    assert second.shape == "32 x 32 x 16"


def test_mirror_images_are_counted() -> None:
    once = count(build(ModelConfig(10, 1), 16, None))
    twice = count(build(ModelConfig(10, 1, mirrored=True), 16, None))
    assert twice == (once.parameters, 2 * once.forward_flops)


def test_diagram_names_the_network() -> None:
    title = draw(ModelConfig(16, 8), 64).axes[0].get_title()
    assert title == "WRN-16-8, 11.02 M parameters"
