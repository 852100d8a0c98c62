"""The network as a picture: groups, channels, picture sizes and parameters.

Counted from the settings alone, so that drawing builds no network.
"""

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from agegender.config import MAX_AGE, ModelConfig

PLAIN, CONVOLUTION, HEAD = "#ececec", "#cfe2f3", "#d9ead3"
_NUMBERS_PER_NORM = 4  # scale, shift, running mean, running variance
_BOX_WIDTH, _BOX_HEIGHT, _BOX_LEFT = 4.6, 0.72, 0.6


class Stage(NamedTuple):
    """One box of the picture."""

    text: str
    shape: str  # of what it hands on
    parameters: int
    colour: str


def stages(config: ModelConfig, size: int) -> list[Stage]:
    """Return the stages of a network from faces to heads.

    Args:
        config: Depth, width, input, pooling and heads.
        size: Side of the faces, in pixels.
    """
    entry = _NUMBERS_PER_NORM * 3 if config.input_norm else 0
    inner, patch = config.input_size or size, config.patch_size
    faces = "faces, uint8 RGB" + (", both ways round" if config.mirrored else "")
    shrunk = f", at {inner} px" if inner != size else ""
    inner //= patch
    kernel = 3 * patch
    stem = f"conv {kernel} x {kernel}" + (f", stride {patch}" if patch > 1 else "")
    norm = ", norm" if config.input_norm else ""
    found = [
        Stage(faces + shrunk + norm, f"{size} x {size} x 3", entry, PLAIN),
        Stage(stem, f"{inner} x {inner} x 16", 3 * kernel**2 * 16, CONVOLUTION),
    ]
    blocks, entering = (config.depth - 4) // 6, 16
    for group, side in enumerate((inner, -(-inner // 2), -(-inner // 4))):
        channels = 16 * 2**group * config.widen_factor
        text = f"group {group + 1}: {blocks} x two conv 3 x 3"
        shape = f"{side} x {side} x {channels}"
        parameters = _group_parameters(
            entering, channels, blocks, downsampled=group > 0
        )
        found.append(Stage(text, shape, parameters, CONVOLUTION))
        entering = channels
    places, norm_size = str(config.pooling), _NUMBERS_PER_NORM * entering
    features = entering * _places(places, -(-inner // 4))
    pooling = {"global": "global mean", "8": "8 x 8 means", "original": "sliding mean"}
    text = f"norm, ReLU, {pooling[places]}"
    pooled = Stage(text, f"{features}", norm_size, PLAIN)
    return [*found, pooled, *_heads(config, features)]


def draw(config: ModelConfig, size: int) -> Figure:
    """Draw a network, top to bottom.

    Args:
        config: Depth, width and dropout.
        size: Side of the faces, in pixels.
    """
    shown = stages(config, size)
    figure = Figure(figsize=(7.2, 0.9 * len(shown) + 0.6), layout="constrained")
    axes = figure.add_subplot()
    total = sum(stage.parameters for stage in shown)
    axes.set_title(
        f"WRN-{config.depth}-{config.widen_factor}, {total / 1e6:.2f} M parameters"
    )
    axes.set_axis_off()
    axes.set_xlim(0, 9.4)
    axes.set_ylim(-len(shown) + 0.5, 0.5)
    for place, stage in enumerate(shown):
        _draw_stage(axes, stage, -float(place))
    # Both heads read the same features: the second's arrow goes round the first.
    source = 3 - len(shown)
    for place in range(len(shown) - 2):
        _arrow(axes, -place - _BOX_HEIGHT / 2, -place - 1 + _BOX_HEIGHT / 2)
    _round_arrow(axes, float(source), 1.0 - len(shown))
    return figure


def _places(pooling: str, side: int) -> int:
    """Count the places that are left of each channel."""
    return {"global": 1, "8": (side // 8) ** 2, "original": side**2}[pooling]


def _heads(config: ModelConfig, features: int) -> list[Stage]:
    ages = MAX_AGE + 1 if config.age_head == "softmax" else MAX_AGE
    genders, squash = (2, "softmax") if config.pooling == "original" else (1, "sigmoid")
    return [
        Stage(f"age: {config.age_head}", f"{ages}", (features + 1) * ages, HEAD),
        Stage(f"gender: {squash}", f"{genders}", (features + 1) * genders, HEAD),
    ]


def _group_parameters(
    entering: int, channels: int, blocks: int, *, downsampled: bool
) -> int:
    """Count a group: its first block widens, the others keep the channels."""
    norms = _NUMBERS_PER_NORM * (entering + channels)
    first = 9 * entering * channels + 9 * channels * channels + norms
    if downsampled or entering != channels:
        first += entering * channels
    other = 18 * channels * channels + 2 * _NUMBERS_PER_NORM * channels
    return first + (blocks - 1) * other


def _draw_stage(axes: Axes, stage: Stage, height: float) -> None:
    box = FancyBboxPatch(
        (_BOX_LEFT, height - _BOX_HEIGHT / 2),
        _BOX_WIDTH,
        _BOX_HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.1",
        facecolor=stage.colour,
        edgecolor="#555555",
    )
    axes.add_patch(box)
    middle = _BOX_LEFT + _BOX_WIDTH / 2
    axes.text(middle, height, stage.text, ha="center", va="center")
    right = _BOX_LEFT + _BOX_WIDTH + 0.2
    axes.text(right, height, stage.shape, va="center", family="monospace")
    if stage.parameters:
        axes.text(9.3, height, f"{stage.parameters:,}", ha="right", va="center")


def _arrow(axes: Axes, start: float, end: float) -> None:
    middle = _BOX_LEFT + _BOX_WIDTH / 2
    axes.annotate("", (middle, end), (middle, start), arrowprops={"arrowstyle": "->"})


def _round_arrow(axes: Axes, start: float, end: float) -> None:
    axes.annotate(
        "",
        (_BOX_LEFT, end),
        (_BOX_LEFT, start),
        arrowprops={"arrowstyle": "->", "connectionstyle": "bar,fraction=0.12"},
    )
