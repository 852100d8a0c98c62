"""Photos to predict on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agegender.data.sample.photos import HEIGHT, WIDTH, write_photos
from agegender.detect.mtcnn import MtcnnDetector


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"), seed=0)


def test_truth_names_one_to_three_people_on_each_of_six_photos(labels: Path) -> None:
    truth = pd.read_csv(labels)
    photos = {path.name for path in labels.parent.glob("*.jpg")}
    people = truth.groupby("file").size()
    assert set(people.index) == photos
    assert len(photos) == 6
    assert people.between(1, 3).all()
    assert set(truth["gender"]) == {0, 1}
    assert truth["age"].between(1, 95).all()


def test_boxes_are_squares_within_their_photo(labels: Path) -> None:
    truth = pd.read_csv(labels)
    assert np.allclose(truth["x2"] - truth["x1"], truth["y2"] - truth["y1"])
    assert truth[["x1", "y1"]].min().min() >= 0
    assert truth["x2"].max() <= WIDTH
    assert truth["y2"].max() <= HEIGHT


def test_every_box_holds_a_face_and_not_just_background(labels: Path) -> None:
    for row in pd.read_csv(labels).itertuples():
        photo = Image.open(labels.parent / row.file).convert("L")
        assert photo.size == (WIDTH, HEIGHT)
        inside = np.asarray(photo.crop((row.x1, row.y1, row.x2, row.y2)), dtype=float)
        # Eyes, brows and lips: far rougher than the soft background.
        assert np.abs(np.diff(inside, axis=0)).max() > 25


def test_detector_finds_everybody_where_no_seed_is_given(labels: Path) -> None:
    detector = MtcnnDetector()
    for file, people in pd.read_csv(labels).groupby("file"):
        photo = np.asarray(Image.open(labels.parent / file))
        assert len(detector.detect(photo)) == len(people), file
