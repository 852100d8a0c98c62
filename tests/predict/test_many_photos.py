"""Many photos: threads share a predictor, memory stays, crops are training's."""

import io
import weakref
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import agegender
from agegender.config import CropRule
from agegender.data.faces import decode_face
from agegender.data.sample.photos import example_photo
from agegender.detect import Detection, MtcnnDetector, WholePhoto
from agegender.model.network import AgeGender, Network
from agegender.model.runtimes import Opened
from agegender.predict import Predictor, predictor
from agegender.predict.ahead import AHEAD

PHOTO_PIXELS = 300
PHOTO_BYTES = 3 * PHOTO_PIXELS**2


def photo_of(seed: int, **form: object) -> bytes:
    """Return a JPEG of smooth noise, which decodes otherwise at every fraction."""
    noise = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((900, 600)).save(file, "JPEG", **form)
    return file.getvalue()


def test_threads_that_share_a_predictor_get_the_answers_of_one_alone() -> None:
    predictor = agegender.load("starter")
    whole = Image.open(io.BytesIO(example_photo()))
    photos = [whole.resize((side, side)) for side in range(200, 440, 40)]
    alone = [next(predictor.predict([photo], workers=1)) for photo in photos]
    assert any(answer.faces for answer in alone)
    with ThreadPoolExecutor(4) as pool:
        rounds = [
            pool.submit(lambda: list(predictor.predict(photos, 2, workers=3)))
            for _ in range(4)
        ]
        for answers in rounds:
            for answer, wanted in zip(answers.result(), alone, strict=True):
                assert [face.box for face in answer.faces] == [
                    face.box for face in wanted.faces
                ]
                for face, other in zip(answer.faces, wanted.faces, strict=True):
                    assert face.age == pytest.approx(other.age, abs=1e-3)


@pytest.mark.parametrize("workers", [1, 3])
def test_photos_that_were_answered_are_let_go(network: Network, workers: int) -> None:
    counts = []

    class Watching(WholePhoto):
        def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:
            counts.append(sum(one() is not None for one in references))
            return super().detect(photo)

    references: list[weakref.ref[NDArray[np.uint8]]] = []

    def photos() -> Iterator[NDArray[np.uint8]]:
        for _ in range(300):
            photo = np.zeros((50, 50, 3), np.uint8)
            references.append(weakref.ref(photo))
            yield photo

    answers = Predictor(network, Watching()).predict(photos(), 16, workers)
    assert sum(len(answer.faces) for answer in answers) == 300
    # Those in work or waiting, and the one that the generator still holds.
    assert max(counts) <= AHEAD * workers + 2


def test_photos_kept_to_be_drawn_on_do_not_wait_for_a_full_batch(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictor, "MAX_KEPT_BYTES", 4 * PHOTO_BYTES)
    asked = []

    class Counting(Network):
        def predict(self, faces: NDArray[np.uint8], batch_size: int = 256) -> AgeGender:
            asked.append(len(faces))
            return network.predict(faces, batch_size)

    counting = Counting(Opened(network._run, {}), network.crop_rule, network.metadata)
    photos = (np.zeros((PHOTO_PIXELS, PHOTO_PIXELS, 3), np.uint8) for _ in range(10))
    asking = Predictor(counting, WholePhoto())
    assert len(list(asking.predict(photos, 64, keep_pixels=True))) == 10
    assert asked == [4, 4, 2]


class Recording(Network):
    """Keeps the faces that it was shown."""

    def predict(self, faces: NDArray[np.uint8], batch_size: int = 256) -> AgeGender:
        self.seen = faces
        return super().predict(faces, batch_size)


class Told:
    """Finds a face where it is told."""

    def __init__(self, box: tuple[float, float, float, float]) -> None:
        self.box = box

    def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:  # noqa: ARG002
        return [Detection(self.box, 0.99)]


TURNED = Image.Exif()
TURNED[0x0112] = 6
RULES = [CropRule(0.4, 0.0, 16), CropRule(-0.1, 0.2, 16)]


@pytest.mark.parametrize("rule", RULES, ids=["wide", "tight"])
@pytest.mark.parametrize("form", [{}, {"exif": TURNED}], ids=["upright", "turned"])
@pytest.mark.parametrize(
    "box", [(10.5, 20, 60, 91), (-40, 20, 500.25, 700), (200, 100, 300, 210), None]
)
def test_crop_of_a_photo_is_to_the_pixel_the_one_that_training_cut(
    network: Network,
    box: tuple[float, float, float, float] | None,
    form: dict[str, object],
    rule: CropRule,
) -> None:
    photo = photo_of(0, **form)
    recording = Recording(Opened(network._run, {}), rule, network.metadata)
    detector = WholePhoto() if box is None else Told(box)
    (answer,) = Predictor(recording, detector).predict([photo])
    assert answer.error is None
    assert (recording.seen[0] == decode_face(photo, box, rule)).all()


def test_bad_photos_of_every_kind_leave_those_around_them_their_answers(
    network: Network, detector: MtcnnDetector, tmp_path: Path
) -> None:
    huge = bytearray(_png(8))
    huge[16:24] = (100_000).to_bytes(4, "big") * 2  # claims to be 100,000 x 100,000
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
    good = example_photo()
    letter = tmp_path / "letter.jpg"
    letter.write_text("not a photo")
    bad = [good[: len(good) // 2], bytes(huge), letter, tmp_path, tmp_path / "gone"]
    mixed = [good, *bad, good]
    answers = list(Predictor(network, detector).predict(mixed, 3, workers=3))
    assert [answer.error is None for answer in answers] == [True, *[False] * 5, True]
    assert answers[0].faces
    assert answers[0].faces == answers[-1].faces
    assert "10000000000 pixels" in (answers[2].error or "")
    assert all("\n" not in (answer.error or "") for answer in answers)


def _png(side: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side)).save(file, "PNG")
    return file.getvalue()
