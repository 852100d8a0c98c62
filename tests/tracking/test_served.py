"""The registered model as MLflow loads it, in this process."""

import base64
import json
from io import BytesIO
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from PIL import ExifTags, Image

from agegender.data.photo import decode_photo
from agegender.data.sample.photos import example_photo
from agegender.errors import ConfigError
from agegender.notice import NOTICE_SHORT
from agegender.tracking.version import Version


def sent(photo: bytes) -> str:
    return base64.b64encode(photo).decode()


def jpeg(pixels: Any, **settings: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(np.asarray(pixels)).save(file, "JPEG", quality=95, **settings)
    return file.getvalue()


@pytest.fixture(scope="module")
def face() -> bytes:
    """Return a drawn photo of one person."""
    return example_photo()


@pytest.fixture
def model(registered: Version) -> Any:
    """Return the version as a service loads it."""
    return mlflow.pyfunc.load_model(registered.uri)


def test_bad_photos_spoil_their_own_items_alone(model: Any, face: bytes) -> None:
    bomb = BytesIO()
    Image.new("1", (8_000, 8_000)).save(bomb, "PNG")
    photos = [face, b"no photo", bomb.getvalue(), face[: len(face) // 2], b"", face]

    answers = model.predict(["%%%", *map(sent, photos)])

    assert [len(one.faces) for one in answers] == [0, 1, 0, 0, 0, 0, 1]
    assert "base64" in answers[0].error
    assert "cannot be decoded" in answers[2].error
    assert "8000 x 8000" in answers[3].error
    assert answers[1].error is answers[6].error is None
    assert all(one.limits == NOTICE_SHORT for one in answers)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photo_may_come_in_any_form_and_as_a_browser_writes_it(
    model: Any, face: bytes, form: str
) -> None:
    file = BytesIO()
    Image.fromarray(decode_photo(face)).save(file, form, quality=95)
    text = sent(file.getvalue())

    address = f"data:image/{form.lower()};base64,{text}"
    lines = base64.encodebytes(file.getvalue()).decode()
    plain, addressed, broken = model.predict([text, address, lines])

    assert len(plain.faces) == 1
    assert addressed == broken == plain


def test_answer_names_the_version_that_gave_it(
    model: Any, registered: Version, face: bytes
) -> None:
    (answer,) = model.predict([sent(face)])
    assert answer.model == f"models:/agegender/{registered.number}"


def test_sideways_photo_is_turned_as_its_notes_say(model: Any, face: bytes) -> None:
    upright = decode_photo(face)
    notes = Image.Exif()
    notes[ExifTags.Base.Orientation] = 6
    turned = jpeg(np.rot90(upright), exif=notes)

    straight, sideways = model.predict([sent(jpeg(upright)), sent(turned)])

    assert sideways.faces[0].box == pytest.approx(straight.faces[0].box, abs=4)


def test_request_may_ask_for_another_interval_the_distribution_and_crops(
    model: Any, face: bytes
) -> None:
    height, width, _ = decode_photo(face).shape
    (plain,) = model.predict([sent(face)])
    (asked,) = model.predict(
        [sent(face)], params={"crops": True, "age_probabilities": True}
    )

    assert plain.faces[0].age_probabilities is None
    assert np.argmax(asked.faces[0].age_probabilities) == 30
    assert asked.faces[0].box == [0, 0, width, height]
    assert asked.faces[0].detection_score is None


def test_null_is_the_default(model: Any, face: bytes) -> None:
    nulls = dict.fromkeys(["interval", "crops", "abstain_age_interval"])
    assert model.predict([sent(face)], params=nulls) == model.predict([sent(face)])


def test_request_may_say_what_is_too_unsure(model: Any, face: bytes) -> None:
    (sure,) = model.predict([sent(face)])
    (unsure,) = model.predict(
        [sent(face)],
        params={"abstain_gender_probability": 0.95, "abstain_detection_score": 1.0},
    )
    assert sure.faces[0].abstained == []
    assert unsure.faces[0].abstained == ["face", "gender"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"interval": 90.0}, "interval must be above 0"),
        ({"abstain_gender_probability": 0.2}, "gender_probability must be within"),
        ({"abstain_age_interval": -1.0}, "age_interval must not be negative"),
    ],
)
def test_wrong_parameter_is_the_callers_fault_and_named(
    model: Any, face: bytes, params: dict[str, float], told: str
) -> None:
    with pytest.raises(MlflowException, match=told) as caught:
        model.predict([sent(face)], params=params)
    assert caught.value.get_http_status_code() == 400


def test_limits_of_a_service_are_set_where_it_is_started(
    registered: Version, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = decode_photo(face)
    two = jpeg(np.hstack([one, one[:, ::-1]]))
    limits = {"photos": 2, "bytes": len(two), "faces": 1}
    monkeypatch.setenv("AGEGENDER_LIMITS", json.dumps(limits))
    model = mlflow.pyfunc.load_model(registered.uri)

    both, large = model.predict([sent(two), sent(two + bytes(9))])

    assert (len(both.faces), both.left_out) == (1, 1)
    assert f"at most {len(two):,} bytes" in large.error
    with pytest.raises(MlflowException, match="at most 2 photos") as caught:
        model.predict([sent(face)] * 3)
    assert caught.value.get_http_status_code() == 400


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ('{"faces": 0}', "faces must be at least 1"),
        ('{"people": 5}', "a JSON object of bytes, pixels, faces, photos"),
        ("faces=5", "Received: faces=5"),
        ("[5]", "is a JSON object"),
    ],
)
def test_limit_that_is_none_stops_the_service_from_starting(
    registered: Version, monkeypatch: pytest.MonkeyPatch, limits: str, told: str
) -> None:
    monkeypatch.setenv("AGEGENDER_LIMITS", limits)
    with pytest.raises(ConfigError, match=told):
        mlflow.pyfunc.load_model(registered.uri)
