"""Faces that begin small and grow: most of what they teach for less of the time.

Reference: Tan & Le, ICML 2021 (progressive learning); Touvron et al., NeurIPS 2019
(train at one size, use at another).
"""

from functools import partial
from typing import Any

import keras

from agegender.config import TrainingConfig
from agegender.errors import UnfitError
from agegender.model.augment import Augment

_STEP = 8


def size_of_epoch(settings: TrainingConfig, whole: int, epoch: int) -> int:
    """Return the side of the training faces, in pixels.

    Args:
        settings: How they grow, and how many epochs there are.
        whole: Side of the faces as they are stored.
        epoch: Counted from 0.

    Raises:
        UnfitError: If faces would have to begin larger than they are stored.
    """
    if settings.first_size > whole:
        raise UnfitError(
            f"training.first_size must be at most the store's {whole} px. "
            f"Received: {settings.first_size}."
        )
    growing = int(settings.growing * settings.epochs)
    if not settings.first_size or epoch >= growing:
        return whole
    sizes = range(settings.first_size, whole, _STEP)
    return sizes[epoch * len(sizes) // growing] if sizes else whole


class GrowingFaces(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets the size of each epoch's faces, from its number alone.

    Args:
        settings: How they grow.
        whole: Side of the faces as they are stored, in pixels.
    """

    def __init__(self, settings: TrainingConfig, whole: int) -> None:
        super().__init__()
        self._settings = settings
        self._whole = whole

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Have the step compiled anew where the size changes."""
        del logs
        augment = self.model.get_layer("augment")
        assert isinstance(augment, Augment)
        side = size_of_epoch(self._settings, self._whole, epoch)
        if side == (augment.side or self._whole):
            return
        augment.side = side
        # JAX knows compiled functions by what is called: the same step again would
        # be found, and not traced anew.
        self.model.train_step = partial(type(self.model).train_step, self.model)
        self.model.make_train_function(force=True)
