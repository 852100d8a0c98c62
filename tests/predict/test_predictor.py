import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from agegender.config import AbstainRules, CropRule, PhotoLimits
from agegender.data.faces import crop_face
from agegender.detect import Detection, MtcnnDetector, WholePhoto
from agegender.errors import ConfigError, DataError
from agegender.model.network import Network
from agegender.model.runtimes import Opened
from agegender.predict import COLUMNS, PhotoFaces, Predictor
from agegender.predict.ahead import AHEAD
from agegender.predict.faces import Face, abstentions


def grey(level: int, side: int = 20) -> NDArray[np.uint8]:
    return np.full((side, side, 3), level, np.uint8)


def encoded(photo: NDArray[np.uint8], form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, form)
    return file.getvalue()


class Halves:
    """Finds a face in either half of a photo."""

    def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:
        height, width = photo.shape[:2]
        left, right = (0, 0, width // 2, height), (width // 2, 0, width, height)
        return [Detection(left, 0.9), Detection(right, 0.8)]


class Nobody:
    """Finds no face anywhere."""

    def detect(self, photo: NDArray[np.uint8]) -> list[Detection]:  # noqa: ARG002
        return []


@pytest.fixture
def predictor(network: Network) -> Predictor:
    return Predictor(network, WholePhoto())


def test_path_bytes_pixels_and_image_of_a_photo_answer_alike(
    predictor: Predictor, tmp_path: Path
) -> None:
    photo = grey(102)
    path = tmp_path / "grey.png"
    path.write_bytes(encoded(photo))
    kinds = [path, str(path), encoded(photo), photo, Image.fromarray(photo)]
    answers = list(predictor.predict(kinds))
    assert [answer.source for answer in answers] == [
        str(path),
        str(path),
        "photo 3",
        "photo 4",
        "photo 5",
    ]
    ages = [answer.faces[0].age for answer in answers]
    assert ages == pytest.approx([40.0] * 5, abs=0.01)


def test_image_of_unusual_pixels_answers_as_its_file(
    predictor: Predictor, tmp_path: Path
) -> None:
    deep = np.full((20, 20), 102 * 257, np.uint16)
    clear = np.zeros((20, 20, 4), np.uint8)
    for name, pixels, age in [("deep.png", deep, 40), ("clear.png", clear, 100)]:
        Image.fromarray(pixels).save(tmp_path / name)
        answers = predictor.predict([tmp_path / name, Image.open(tmp_path / name)])
        ages = [answer.faces[0].age for answer in answers]
        assert ages == pytest.approx([age] * 2, abs=0.6)


def test_picture_far_from_square_is_no_crop_and_costs_nothing(
    predictor: Predictor,
) -> None:
    for shape in [(1, 20_000), (17_000, 1), (8, 65)]:
        (answer,) = predictor.predict([np.zeros((*shape, 3), np.uint8)])
        assert "far from square" in (answer.error or "")


@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("workers", [1, 2, 7])
def test_order_is_kept_whatever_the_batch_and_the_threads(
    predictor: Predictor, batch_size: int, workers: int
) -> None:
    levels = [0, 51, 102, 153, 204, 255, 25]
    photos = (grey(level) for level in levels)
    answers = predictor.predict(photos, batch_size, workers)
    ages = [answer.faces[0].age for answer in answers]
    assert ages == pytest.approx([level / 2.55 for level in levels], abs=0.6)


def test_faces_of_one_photo_stay_together_in_small_batches(network: Network) -> None:
    halves = Predictor(network, Halves())
    photos = [np.hstack([grey(a, 200), grey(b, 200)]) for a, b in [(0, 255), (255, 0)]]
    answers = list(halves.predict(photos, batch_size=1))
    genders = [[face.gender for face in answer.faces] for answer in answers]
    assert genders == [["female", "male"], ["male", "female"]]


def test_bad_photos_spoil_their_own_answers_alone(
    predictor: Predictor, tmp_path: Path
) -> None:
    whole = encoded(grey(255), "JPEG")
    bad = [
        tmp_path / "missing.jpg",
        tmp_path,
        b"",
        b"no photo",
        whole[: len(whole) // 2],
        np.zeros((4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        17,
        "a\0b.jpg",
    ]
    answers = list(predictor.predict([grey(255), *bad, grey(255)]))
    assert [answer.error is None for answer in answers] == [True] + 10 * [False] + [
        True
    ]
    assert len(answers[-1].faces) == 1
    assert all("\n" not in (answer.error or "") for answer in answers)
    assert "missing.jpg" in (answers[1].error or "")


def test_image_that_proves_broken_as_it_is_read_spoils_its_own_answer_alone(
    predictor: Predictor,
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    whole = encoded(noise)
    # Pillow opens it, and meets the nameless piece only as it decodes.
    nameless = whole[:1000] + whole[1000:].replace(b"IDAT", b"\0\0\0\0", 1)
    image = Image.open(io.BytesIO(nameless))
    answers = list(predictor.predict([image, grey(102)]))
    assert "broken PNG file" in (answers[0].error or "")
    assert len(answers[1].faces) == 1


def test_closed_image_spoils_its_own_answer_alone(predictor: Predictor) -> None:
    with Image.open(io.BytesIO(encoded(grey(102)))) as image:
        pass
    answers = list(predictor.predict([image, grey(102)]))
    assert "closed before" in (answers[0].error or "")
    assert len(answers[1].faces) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_generator_may_close_each_image_as_it_goes_on(
    predictor: Predictor, workers: int
) -> None:
    def opened() -> Iterator[Image.Image]:
        for level in (0, 102, 255):
            with Image.open(io.BytesIO(encoded(grey(level), "TIFF"))) as image:
                yield image

    answers = list(predictor.predict(opened(), workers=workers))
    assert [answer.error for answer in answers] == [None] * 3
    assert answers[1].faces[0].age == pytest.approx(40, abs=0.01)


def test_one_photo_is_answered_as_well_as_many(
    predictor: Predictor, tmp_path: Path
) -> None:
    path = tmp_path / "grey.png"
    path.write_bytes(encoded(grey(102)))
    content = encoded(grey(102))
    alone = [path, str(path), content, bytearray(content), memoryview(content)]
    for photo in [*alone, grey(102), Image.open(path)]:
        (answer,) = predictor.predict(photo)
        assert answer.faces[0].age == pytest.approx(40, abs=0.01)
    together = predictor.predict(np.stack([grey(0), grey(255)]))
    assert [answer.faces[0].gender for answer in together] == ["female", "male"]


def test_what_is_no_photo_is_refused_once_not_line_by_line(
    predictor: Predictor,
) -> None:
    (answer,) = predictor.predict(grey(102)[..., 0])
    assert "Received: uint8 (20, 20)" in (answer.error or "")
    with pytest.raises(DataError, match="open file is no photo"):
        predictor.predict(io.BytesIO(encoded(grey(102))))  # type: ignore[arg-type]


def test_answers_become_a_data_frame_with_a_row_a_face_or_a_reason(
    network: Network,
) -> None:
    halves = Predictor(network, Halves(), name="brightness")
    photos = [np.hstack([grey(0, 200), grey(255, 200)]), b"no photo"]
    answers = halves.predict(photos)
    frame = answers.to_pandas()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["photo"].tolist() == ["photo 1", "photo 1", "photo 2"]
    assert frame["face"].fillna(0).tolist() == [1, 2, 0]
    assert frame["gender"].fillna("").tolist() == ["female", "male", ""]
    assert frame["age"][1] > frame["age"][0]
    assert frame["right"].iloc[:2].tolist() == [200.0, 400.0]
    assert "cannot be decoded" in frame["reason"][2]
    assert set(frame["model"]) == {"brightness"}
    assert answers.to_pandas().empty  # all were taken
    assert halves.predict([]).to_pandas()["age"].dtype == np.float64


def test_photos_are_handed_out_with_their_answers_on_demand(
    predictor: Predictor,
) -> None:
    levels = [10, 20, 30]
    photos = [encoded(grey(level)) for level in levels]
    kept = predictor.predict(photos, keep_pixels=True)
    assert [int(answer.pixels.max()) for answer in kept] == levels  # type: ignore[union-attr]
    assert all(answer.pixels is None for answer in predictor.predict(photos))


def test_photo_without_a_face_says_so(network: Network) -> None:
    (answer,) = Predictor(network, Nobody()).predict([grey(9)])
    assert answer == PhotoFaces("photo 1")
    assert answer.reason == "no face found"


def test_no_photos_give_no_answers(predictor: Predictor) -> None:
    assert list(predictor.predict([])) == []


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_no_more_photos_are_read_than_a_batch_and_the_threads_need(
    network: Network, workers: int
) -> None:
    read = []

    def photos() -> Iterator[NDArray[np.uint8]]:
        for number in range(1000):
            read.append(number)
            yield grey(0)

    ahead = 0 if workers == 1 else AHEAD * workers
    for detector in (WholePhoto(), Nobody()):
        read.clear()
        next(Predictor(network, detector).predict(photos(), 4, workers))
        assert len(read) == 4 + ahead


def test_crop_is_the_one_that_training_would_cut(network: Network) -> None:
    seen = []

    class Recording(Network):
        def predict(self, faces: NDArray[np.uint8], batch_size: int = 256):  # noqa: ANN202
            seen.append(faces)
            return network.predict(faces, batch_size)

    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    rule = CropRule(margin=0.4, size=16)
    recording = Recording(Opened(network._run, {}), rule, network.metadata)
    list(Predictor(recording, Halves()).predict([noise]))
    expected = [
        crop_face(noise, box, rule) for box in [(0, 0, 40, 60), (40, 0, 80, 60)]
    ]
    assert (seen[0] == expected).all()


def test_ready_crop_is_seen_whole(predictor: Predictor) -> None:
    # A crop with the rule's margin cut away would see the white middle alone.
    framed = np.zeros((180, 180, 3), np.uint8)
    framed[45:135, 45:135] = 255
    (answer,) = predictor.predict([framed])
    assert answer.faces[0].age == pytest.approx(25, abs=1)


def test_photo_lying_on_its_side_is_turned(predictor: Predictor) -> None:
    image = Image.fromarray(grey(100, 40)).crop((0, 0, 40, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    opened = Image.open(io.BytesIO(file.getvalue()))
    answers = predictor.predict([file.getvalue(), opened])
    assert [answer.faces[0].box for answer in answers] == [(0, 0, 30, 40)] * 2


def test_interval_holds_the_age_and_widens_with_its_share(network: Network) -> None:
    faces = [
        next(Predictor(network, WholePhoto(), share).predict([grey(128)])).faces[0]
        for share in (0.5, 0.9)
    ]
    assert faces[1].age_low < faces[0].age_low < faces[0].age
    assert faces[0].age < faces[0].age_high < faces[1].age_high


def test_network_decides_which_age_is_told(
    network: Network, mode_network: Network
) -> None:
    mean, mode = (
        next(Predictor(each, WholePhoto()).predict([grey(52)])).faces[0].age
        for each in (network, mode_network)
    )
    assert mean == pytest.approx(100 * 52 / 255, abs=0.01)
    assert mode == 20.0


def test_distribution_is_kept_on_demand(network: Network) -> None:
    keeping = Predictor(network, WholePhoto(), keep_distribution=True)
    (answer,) = keeping.predict([grey(51)])
    probabilities = answer.faces[0].age_probabilities
    assert probabilities is not None
    assert len(probabilities) == 101
    assert np.argmax(probabilities) == 20


@pytest.mark.parametrize("interval", [0.0, 1.0, 90.0])
def test_interval_that_is_no_share_is_refused(
    network: Network, interval: float
) -> None:
    with pytest.raises(ConfigError, match=str(interval)):
        Predictor(network, WholePhoto(), interval)


@pytest.mark.parametrize(
    ("rules", "abstained"),
    [
        (AbstainRules(), ()),
        (AbstainRules(age_interval=0.5), ("age",)),
        (AbstainRules(gender_probability=0.95), ("gender",)),
        (AbstainRules(0.0, 1.0), ("age", "gender")),
    ],
)
def test_unsure_parts_of_an_answer_are_abstained_from(
    network: Network, rules: AbstainRules, abstained: tuple[str, ...]
) -> None:
    cautious = Predictor(network, WholePhoto(), abstain=rules)
    (answer,) = cautious.predict([grey(230)])  # 90 years, male by 0.9
    assert answer.faces[0].abstained == abstained
    assert answer.faces[0].age == pytest.approx(90.2, abs=0.5)


def test_answer_as_unsure_as_the_rules_allow_is_one() -> None:
    woman = Face((0.0, 0.0, 9.0, 9.0), None, 0.9, 30.0, 10.0, 50.0, 0.2)
    assert abstentions(woman, AbstainRules(40.0, 0.8, 0.9)) == ()
    assert abstentions(woman, AbstainRules(39.0, 0.9, 0.95)) == (
        "face",
        "age",
        "gender",
    )


def test_age_is_in_its_interval_though_a_long_tail_pulls_it_out(
    network: Network,
) -> None:
    # At 0 years the distribution has an upper side alone: 0.3 on average, half at 0.2.
    (answer,) = Predictor(network, WholePhoto(), 0.01).predict([grey(0)])
    (face,) = answer.faces
    assert face.age_low < face.age == face.age_high


def test_unsure_detection_is_abstained_from(network: Network) -> None:
    cautious = Predictor(network, Halves(), abstain=AbstainRules(detection_score=0.85))
    (answer,) = cautious.predict([grey(230)])
    scores = [(face.detection_score, face.abstained) for face in answer.faces]
    assert scores == [(0.9, ()), (0.8, ("face",))]


def test_surest_faces_are_answered_and_the_others_counted(network: Network) -> None:
    few = Predictor(network, Halves(), limits=PhotoLimits(faces=1))
    (answer,) = few.predict([grey(230)])
    assert [face.detection_score for face in answer.faces] == [0.9]
    assert answer.left_out == 1


def test_photo_beyond_the_limits_is_refused_and_the_next_answered(
    network: Network, tmp_path: Path
) -> None:
    large, small = tmp_path / "large.png", tmp_path / "small.png"
    Image.new("RGB", (60, 60)).save(large)
    Image.new("RGB", (20, 20)).save(small)
    by_pixels = Predictor(network, WholePhoto(), limits=PhotoLimits(pixels=400))
    by_bytes = Predictor(
        network, WholePhoto(), limits=PhotoLimits(bytes=small.stat().st_size)
    )
    for predictor, told in [(by_pixels, "60 x 60"), (by_bytes, "bytes; at most")]:
        for photos in ([large, small], [large.read_bytes(), small.read_bytes()]):
            refused, answered = predictor.predict(photos)
            assert told in str(refused.error)
            assert len(answered.faces) == 1


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"workers": 0}])
def test_less_than_one_is_refused_before_a_photo_is_read(
    predictor: Predictor, wrong: dict[str, int]
) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        predictor.predict([], **wrong)


def test_threads_share_one_predictor(predictor: Predictor) -> None:
    levels = list(range(0, 250, 10))
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda level: next(predictor.predict([grey(level)])), levels)
    ages = [answer.faces[0].age for answer in answers]
    assert ages == pytest.approx([level / 2.55 for level in levels], abs=0.6)


def test_real_face_comes_with_box_score_and_landmarks(
    network: Network, detector: MtcnnDetector, shared_data: Path
) -> None:
    photo = min((shared_data / "fairface").glob("*.jpg"))
    (answer,) = Predictor(network, detector).predict([photo])
    face = answer.faces[0]
    assert face.box[0] < 224 < face.box[2]
    assert face.detection_score is not None
    assert face.detection_score > 0.8
    assert face.landmarks is not None
    assert len(face.landmarks) == 5
    assert all(isinstance(value, float) for value in face.box)
    assert asdict(face)["age"] == face.age


def test_address_is_told_to_be_one(predictor: Predictor) -> None:
    answers = predictor.predict("https://example.org/photo.jpg")
    assert [one.error for one in answers] == [
        "it is an address, and nothing is fetched. Give its bytes."
    ]
