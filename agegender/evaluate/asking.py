"""What a network answers on rows of a store, batch by batch."""

import numpy as np
from numpy.typing import NDArray

from agegender.data.store import FaceStore
from agegender.model.network import AgeGender, Answering
from agegender.progress import Progress, silent

BATCH_FACES = 256


def ask(
    network: Answering,
    store: FaceStore,
    rows: NDArray[np.int64],
    progress: Progress = silent,
) -> AgeGender:
    """Let a network answer on faces of a store; no split need fit into memory.

    Args:
        network: Made for faces cut as the store's are.
        store: The faces.
        rows: int64 (n,), n above 0, row numbers in the store.
        progress: Called after each batch.

    Returns:
        Answers, in the order of `rows`.
    """
    batches = []
    for start in range(0, len(rows), BATCH_FACES):
        batches.append(network.predict(store.faces[rows[start : start + BATCH_FACES]]))
        done = min(start + BATCH_FACES, len(rows))
        progress(done, len(rows), "answering faces")
    return AgeGender(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))
