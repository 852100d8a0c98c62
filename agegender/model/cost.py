"""What a network costs: parameters, and arithmetic for one face."""

from typing import NamedTuple

import keras
import numpy as np

from agegender.model.mirrored import BOTH, WithMirrorImages


class Cost(NamedTuple):
    """Of one network."""

    parameters: int  # numbers kept, the norms' running statistics included
    forward_flops: int  # of one face, 2 a multiply-add


def count(model: keras.Model) -> Cost:
    """Count parameters and the forward arithmetic of one face.

    Convolutions and dense layers are counted; norms, activations and sums are
    below 2 % of a Wide ResNet and are left out, as in published figures.

    Args:
        model: A built network.
    """
    multiply_adds = sum(_multiply_adds(layer) for layer in model.layers)
    kinds = {type(layer) for layer in model.layers}
    pictures = BOTH if WithMirrorImages in kinds else 1
    return Cost(model.count_params(), 2 * multiply_adds * pictures)


def _multiply_adds(layer: keras.layers.Layer) -> int:
    if isinstance(layer, keras.layers.Conv2D):
        places = int(np.prod(layer.output.shape[1:3]))
        return places * int(np.prod(layer.kernel.shape))
    if isinstance(layer, keras.layers.Dense):
        return int(np.prod(layer.kernel.shape))
    return 0
