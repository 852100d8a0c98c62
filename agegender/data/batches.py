"""Faces from the store to the network: gather rows, and mix them where asked.

The one batch path of every backend. Random changes of a face run in the model, on
the device, so that this has little more to do than copy bytes out of a mapped file.
Mixing changes labels as well, which the model never sees, so it happens here.
"""

from typing import Any, Protocol

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import AugmentConfig
from agegender.data.mixing import Mixer

Targets = dict[str, NDArray[np.float32]]
Batch = (
    tuple[NDArray[np.uint8], Targets]
    | tuple[NDArray[np.uint8], Targets, NDArray[np.float32]]
)
"""Faces, what is true of them, and, if they do not all count the same, weights."""


class Faces(Protocol):
    """What batches need of a face store."""

    @property
    def faces(self) -> NDArray[np.uint8]:
        """Return all faces, uint8 (N, S, S, 3), most likely mapped from a file."""

    @property
    def labels(self) -> pd.DataFrame:
        """Return one row a face, same order, with `age` and `gender`."""


class FaceBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of some rows of a store; a gender that is not known is NaN.

    Args:
        store: Where the faces are.
        rows: int (n,), row numbers of the faces.
        batch_size: Faces a batch.
        shuffle_seed: Of the order, a new one each epoch, in which only whole
            batches are given, since a small last one would upset batch norm; fewer
            faces than a batch make one. None: the order of `rows`, every face once.
        weights: float32 (n,), how much each face counts in both heads' losses, with
            a mean of 1; None: all the same.
        shares: Devices that share each batch evenly: one that would not divide is
            filled up with faces whose labels are NaN.
        augment: How faces are mixed two by two; None mixes none.
    """

    def __init__(
        self,
        store: Faces,
        rows: NDArray[np.integer],
        batch_size: int,
        shuffle_seed: int | None = None,
        weights: NDArray[np.float32] | None = None,
        shares: int = 1,
        augment: AugmentConfig | None = None,
    ) -> None:
        super().__init__()
        self._mixer = Mixer(augment.mixup, augment.cutmix) if augment else Mixer()
        self._faces = store.faces
        labels = store.labels.iloc[rows]
        self._age = labels["age"].to_numpy(np.float32)
        gender = labels["gender"].to_numpy(np.float32)
        self._gender = np.where(gender >= 0, gender, np.nan).astype(np.float32)
        self._rows = np.asarray(rows)
        self._weights = weights
        self._batch_size = batch_size
        self._shuffle_seed = shuffle_seed
        self._shares = shares
        whole = max(1, len(rows) // batch_size)
        self._batches = (
            whole if shuffle_seed is not None else -(-len(rows) // batch_size)
        )
        self.epoch = 0
        self._order = self._new_order()

    @property
    def side(self) -> int:
        """Return the side of the faces, in pixels."""
        return int(self._faces.shape[1])

    @property
    def tells_gender(self) -> bool:
        """Return whether any face's gender is known."""
        return bool(np.isfinite(self._gender).any())

    def __len__(self) -> int:
        """Return the number of batches an epoch."""
        return self._batches

    def __getitem__(self, index: int) -> Batch:
        """Return batch `index` of this epoch."""
        start = index * self._batch_size
        # In the order of the file, to read forwards; within a batch it is nothing.
        chosen = np.sort(self._order[start : start + self._batch_size])
        faces = self._faces[self._rows[chosen]]
        targets = {"age": self._age[chosen], "gender": self._gender[chosen]}
        weights = None if self._weights is None else self._weights[chosen]
        if self._mixer.mixes:
            # Drawn from where it stands, so that a training that goes on draws the
            # same. Not the seeds of the order: a trailing 0 would make them so.
            draws = np.random.default_rng(
                [self._shuffle_seed or 0, self.epoch, index + 1]
            )
            faces, targets, weights = self._mixer.mix(faces, targets, draws, weights)
        if missing := -len(chosen) % self._shares:
            faces = np.concatenate([faces, np.repeat(faces[:1], missing, axis=0)])
            targets = {name: _filled(y, missing, np.nan) for name, y in targets.items()}
            weights = None if weights is None else _filled(weights, missing, 0.0)
        return (faces, targets) if weights is None else (faces, targets, weights)

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.epoch += 1
        self._order = self._new_order()

    def _new_order(self) -> NDArray[np.integer[Any]]:
        if self._shuffle_seed is None:
            return np.arange(len(self._rows))
        draws = np.random.default_rng([self._shuffle_seed, self.epoch])
        return draws.permutation(len(self._rows))


def _filled(
    values: NDArray[np.float32], missing: int, by: float
) -> NDArray[np.float32]:
    more = np.full((missing, *values.shape[1:]), by, np.float32)
    return np.concatenate([values, more])
