"""Where a training starts from: the weights of a network that was trained before.

Ages learnt from some thousand faces rest on edges, skin and hair that another
network has learnt from many more. Its body is taken over as a whole; its heads are
where they answer in the same way, and are learnt anew where they do not.

Reference: Yosinski et al., NeurIPS 2014.
"""

import json
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from agegender.config import ModelConfig
from agegender.errors import ConfigError, ModelError
from agegender.model.folder import KERAS
from agegender.model.heads import HEADS
from agegender.model.keras_claims import PLAN, require_room
from agegender.model.rebuilt import body_of
from agegender.model.wide_resnet import Body
from agegender.train.dead_channels import revived
from agegender.train.earlier import EarlierNetwork

_UNFIT = (
    *(zipfile.BadZipFile, zlib.error, RuntimeError, OSError),
    *(LookupError, TypeError, ValueError, ModelError),
)
"""What reading a file ends in that holds no network of ours."""


class Given(NamedTuple):
    """What a network was not given of another's weights."""

    heads_learnt_anew: list[str]  # the other answers in another way
    channels_revived: int  # dead there


@dataclass(frozen=True)
class Start(EarlierNetwork):
    """The network that a training starts from."""

    def require_fit(self, config: ModelConfig) -> None:
        """Make sure that a network can be given the weights.

        Looks at names and shapes alone: a search asks before its workers start, and
        must not take hold of the GPU that they are to have.

        Raises:
            ConfigError: If the other network's body is another.
            ModelError: If the file cannot be read, or holds no network of ours.
        """
        there = self._body()
        here = Body.of(config)
        if there not in {here, here._replace(patch_size=1)}:
            raise ConfigError(
                f"training.start_from: {self.name} has {there}. Set that too, or start "
                f"from another. Received: {here}."
            )

    def give(
        self, model: keras.Model, config: ModelConfig, revive: bool = False
    ) -> Given:
        """Give a network the weights.

        Args:
            model: As `wide_resnet.build` makes it; changed in place.
            config: What it was built by.
            revive: Leave channels as the model drew them that are dead there.

        Raises:
            ConfigError: If the other network's body is another.
            ModelError: If the file cannot be read, or holds no network of ours.
        """
        self.require_fit(config)
        others = _weighted(self.read())
        given = {name: layer.get_weights() for name, layer in others.items()}
        layers, dead = _weighted(model), 0
        if given["stem"][0].shape != layers["stem"].kernel.shape:
            given["stem"] = [_spread(given["stem"][0], config.patch_size)]
        fits = {name: _fit(layer, given.get(name)) for name, layer in layers.items()}
        left = [name for name, fit in fits.items() if not fit]
        if not HEADS.issuperset(left):
            raise self.foreign()
        if revive:
            drawn = {name: layer.get_weights() for name, layer in layers.items()}
            given, dead = revived(given, drawn)
        for name, layer in layers.items():
            if fits[name]:
                layer.set_weights(given[name])
        return Given(left, dead)

    def _body(self) -> Body:
        try:
            if self.file.suffix != KERAS:
                return body_of(self.file)
            with zipfile.ZipFile(self.file) as archive:
                require_room(archive)
                built = json.loads(archive.read(PLAN))["config"]["layers"]
            layers = {layer["config"]["name"]: layer["config"] for layer in built}
            channels = {name: layer.get("filters") for name, layer in layers.items()}
            return Body.of_layers(channels, layers["stem"]["kernel_size"][0])
        except _UNFIT as error:
            raise self.foreign() from error


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


def _weighted(model: keras.Model) -> dict[str, Any]:
    return {layer.name: layer for layer in model.layers if layer.weights}


def _spread(kernel: NDArray[np.float32], patch_size: int) -> NDArray[np.float32]:
    """Return a kernel that answers as it did of faces that many times smaller."""
    spread = kernel.repeat(patch_size, axis=0).repeat(patch_size, axis=1)
    return spread / np.float32(patch_size**2)


def _fit(layer: Any, weights: list[NDArray[Any]] | None) -> bool:
    shapes = [tuple(one.shape) for one in layer.weights]
    return weights is not None and shapes == [one.shape for one in weights]
