"""Batches of changed faces: ours beside the original experiment's generator.

On one core, in a process of its own, since TensorFlow counts the cores when loaded.
The generator beside it is written in our own words after the well-known ones that
the experiment used: mixup of whole batches in floats, then face by face a shift and
flip by SciPy's affine transform, as Keras' ImageDataGenerator does, and a rectangle
erased from every second face.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from benchmarks.side_by_side import compare

SIDE, FACES, BATCH = 64, 2048, 32
SHIFT, MIXUP = 0.1, 0.2
Floats = NDArray[np.floating[Any]]


def run() -> str:
    """Measure on one core."""
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.augmentation"],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return found.stdout.rstrip()


class MadeFaces:
    """Noise, with labels."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.faces = rng.integers(0, 256, (FACES, SIDE, SIDE, 3), dtype=np.uint8)
        self.labels = pd.DataFrame(
            {"age": rng.uniform(0, 100, FACES), "gender": rng.integers(0, 2, FACES)}
        )


def face_by_face(made: MadeFaces, rng: np.random.Generator) -> None:
    """Make an epoch's batches as the original experiment does."""
    ages = np.eye(101)[made.labels["age"].to_numpy().astype(int)]
    order = rng.permutation(FACES)
    for start in range(0, FACES - BATCH + 1, BATCH):
        one = order[start : start + BATCH]
        other = rng.permutation(FACES)[:BATCH]
        share = rng.beta(MIXUP, MIXUP, BATCH)
        wide = share[:, None, None, None]
        faces = made.faces[one] * wide + made.faces[other] * (1 - wide)
        _ = ages[one] * share[:, None] + ages[other] * (1 - share[:, None])
        for face in faces:
            face[...] = _erased(_moved(face, rng), rng)


def _moved(face: Floats, rng: np.random.Generator) -> Floats:
    offset = rng.uniform(-SHIFT, SHIFT, 2) * SIDE
    channels = [
        affine_transform(face[..., channel], np.eye(2), offset, order=1, mode="nearest")
        for channel in range(3)
    ]
    moved = np.stack(channels, axis=-1)
    return moved[:, ::-1] if rng.random() < 0.5 else moved


def _erased(face: Floats, rng: np.random.Generator) -> Floats:
    if rng.random() < 0.5:
        return face
    while True:
        area = rng.uniform(0.02, 0.4) * SIDE * SIDE
        aspect = rng.uniform(0.3, 1 / 0.3)
        width, height = int(np.sqrt(area / aspect)), int(np.sqrt(area * aspect))
        left, top = rng.integers(0, SIDE, 2)
        if left + width <= SIDE and top + height <= SIDE:
            break
    face[top : top + height, left : left + width] = rng.uniform(0, 255)
    return face


def _on_one_core() -> str:
    """Compare in this process, which must not have loaded TensorFlow yet."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from agegender import train  # noqa: F401, PLC0415 - loads Keras quietly

    made, rng = MadeFaces(), np.random.default_rng(0)
    same = {"shift": SHIFT, "brightness": 0.0, "contrast": 0.0, "erase": 0.5}
    return compare(
        f"gather and change {FACES:,} faces of {SIDE} px, one core",
        FACES,
        {
            f"original: face by face, {BATCH} a batch": lambda: face_by_face(made, rng),
            f"ours: the same changes, {BATCH} a batch": _ours(made, BATCH, **same),
            "ours: the same changes, 64, as the recipes": _ours(made, 64, **same),
            "ours: the same changes, 256": _ours(made, 256, **same),
            "ours: and light and colour, 256": _ours(
                made, 256, **same | {"brightness": 0.2, "contrast": 0.2, "colour": 0.1}
            ),
            "ours: and turned and scaled, 256": _ours(
                made, 256, **same | {"rotation": 10.0, "scale": 0.1}
            ),
        },
    )


def _ours(made: MadeFaces, batch: int, **settings: float) -> Any:
    import tensorflow as tf  # noqa: PLC0415

    from agegender.config import AugmentConfig  # noqa: PLC0415
    from agegender.data.batches import FaceBatches  # noqa: PLC0415
    from agegender.model.augment import Augment  # noqa: PLC0415

    config = AugmentConfig(**settings, erase_area=0.4, mixup=MIXUP)  # type: ignore[arg-type]
    batches = FaceBatches(made, np.arange(FACES), batch, 0, augment=config)
    layer = Augment.of(config, seed=0)
    layer.build((None, SIDE, SIDE, 3))
    change = tf.function(lambda faces: layer(faces, training=True))

    def epoch() -> None:
        for index in range(len(batches)):
            change(tf.constant(batches[index][0])).numpy()
        batches.on_epoch_end()

    return epoch


if __name__ == "__main__":
    print(_on_one_core())
