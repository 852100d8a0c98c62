"""Where a training starts from: the weights of a network that was trained before.

Ages learnt from some thousand faces rest on edges, skin and hair that another
network has learnt from many more. Its body is taken over as a whole; its heads are
where they answer in the same way, and are learnt anew where they do not.

Reference: Yosinski et al., NeurIPS 2014.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from agegender.config import ModelConfig
from agegender.errors import ConfigError, ModelError
from agegender.model.heads import HEADS
from agegender.model.weights import LayerWeights, read_layers
from agegender.model.wide_resnet import GROUP_CHANNELS


@dataclass(frozen=True)
class Start:
    """The network that a training starts from.

    Args:
        name: Which model it is, with its number.
        file: `.onnx` or `.keras`, on this machine.
        digest: Of the file.
        trained_on: How many faces, whose, and under which terms.
    """

    name: str
    file: Path
    digest: str
    trained_on: str

    def give(self, model: keras.Model, config: ModelConfig) -> list[str]:
        """Give a network the weights.

        Args:
            model: As `wide_resnet.build` makes it; changed in place.
            config: What it was built by.

        Returns:
            The heads that are left as they were, since the other network answers in
            another way.

        Raises:
            ConfigError: If the other network's body is another.
            ModelError: If the file cannot be read, or holds no network of ours.
        """
        given = read_layers(self.file)
        there, here = self._body(given), _Body.of(config)
        if there != here:
            raise ConfigError(
                f"training.start_from: {self.name} has {there}. Set that too, or start "
                f"from another. Received: {here}."
            )
        layers: list[Any] = [layer for layer in model.layers if layer.weights]
        fits = {layer.name: _fits(layer, given.get(layer.name)) for layer in layers}
        left = [name for name, fit in fits.items() if not fit]
        if not HEADS.issuperset(left):
            raise self._foreign()
        for layer in layers:
            if fits[layer.name]:
                layer.set_weights(given[layer.name])
        return left

    def _body(self, given: LayerWeights) -> "_Body":
        blocks = {found[1] for name in given if (found := _FIRST_GROUP.match(name))}
        if not blocks or "final_norm" not in given:
            raise self._foreign()
        return _Body(
            6 * len(blocks) + 4,
            len(given["final_norm"][0]) // GROUP_CHANNELS[-1],
            "input_norm" in given,
        )

    def _foreign(self) -> ModelError:
        return ModelError(
            f"{self.name} is no Wide ResNet of ours. Name a model that agegender "
            "trained, imported or exported."
        )


@dataclass(frozen=True)
class _Body:
    """What decides the shapes of all weights but the heads'."""

    depth: int
    widen_factor: int
    input_norm: bool

    @classmethod
    def of(cls, config: ModelConfig) -> "_Body":
        return cls(config.depth, config.widen_factor, config.input_norm)

    def __str__(self) -> str:
        return (
            f"model.depth {self.depth}, model.widen_factor {self.widen_factor}, "
            f"model.input_norm {str(self.input_norm).lower()}"
        )


def freeze(model: keras.Model, groups: int) -> None:
    """Let a network keep the weights of its first groups of blocks.

    Args:
        model: As `wide_resnet.build` makes it, not compiled yet.
        groups: How many, 0..3; 0 freezes nothing.
    """
    if groups == 0:
        return
    kept = ("input_norm", "stem", *(f"group{n}_" for n in range(1, groups + 1)))
    for layer in model.layers:
        if layer.name.startswith(kept):
            layer.trainable = False


def _fits(layer: Any, arrays: list[Any] | None) -> bool:
    wanted = [tuple(weight.shape) for weight in layer.weights]
    return arrays is not None and wanted == [array.shape for array in arrays]


_FIRST_GROUP = re.compile(r"group1_(block\d+)_conv1$")
