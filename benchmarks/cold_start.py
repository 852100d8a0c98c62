"""From nothing to the first answer: a fresh process each time, all of it counted.

The network is the starter, and the face a file as large as it takes. The plain way
imports Keras on TensorFlow (and of ours the layers that Keras does not have), loads the
same network from a `.keras` file and calls `model.predict`; ours is
`agegender.load("starter").predict`, with and without a detector.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from agegender.data.sample import example_photo
from agegender.model.network import Network
from agegender.model.starter import starter_file
from benchmarks.side_by_side import ROUNDS, Timing, table

KERAS = """
import keras, numpy
from agegender.model import mirrored, shrink
from PIL import Image
model = keras.models.load_model("starter.keras")
face = numpy.asarray(Image.open("face.png"))[None]
print(model.predict(face, verbose=0)["age"] @ numpy.arange(101))
"""
OURS = """
import agegender
(answer,) = agegender.load("starter", detector={detector!r}).predict([{photo!r}])
print(answer.faces[0].age)
"""
WAYS = {
    "Keras on TensorFlow, model.predict": KERAS,
    "ours, a ready crop": OURS.format(detector="none", photo="face.png"),
    "ours, a photo, the face found first": OURS.format(
        detector="mtcnn", photo="photo.jpg"
    ),
}


def run() -> str:
    """Measure processor seconds of whole processes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        taken = Timing({way: [] for way in WAYS}, {way: [] for way in WAYS})
        for number in range(ROUNDS + 1):
            for way, code in WAYS.items():
                processor, wall = _seconds(code, folder)
                if number:  # The first fills the disk's cache.
                    taken.processor[way].append(processor)
                    taken.wall[way].append(wall)
    return table("first answer of a fresh process", 1, taken)


def _prepare(folder: Path) -> None:
    (folder / "photo.jpg").write_bytes(example_photo())
    side = Network.load(starter_file()).crop_rule.size
    face = np.asarray(Image.open(folder / "photo.jpg").resize((side, side)))
    Image.fromarray(face).save(folder / "face.png")
    from agegender import train  # noqa: F401, PLC0415 - loads Keras quietly
    from agegender.model.formats import write_format  # noqa: PLC0415

    write_format(starter_file(), folder / "starter.keras", "keras", "float32")


def _seconds(code: str, folder: Path) -> tuple[float, float]:
    before, began = _children(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, check=True
    )
    return _children() - before, time.perf_counter() - began


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(run())
