import csv
import io
import json
from dataclasses import replace

import pytest

from agegender.notice import NOTICE, NOTICE_SHORT
from agegender.predict import Face, PhotoFaces, to_json, to_table
from agegender.predict.lines import Csv

FACE = Face(
    box=(10.04, 20.0, 110.0, 140.06),
    landmarks=((30.0, 50.0), (70.0, 50.0), (50.0, 75.0), (35.0, 100.0), (65.0, 100.0)),
    detection_score=0.98765,
    age=33.6123,
    age_low=26.6,
    age_high=42.2,
    male_probability=0.0712,
)
CROP = Face((0.0, 0.0, 64.0, 64.0), None, None, 8.0, 5.0, 12.0, 0.9)


def csv_rows(answers: list[PhotoFaces]) -> list[dict[str, str]]:
    form = Csv()
    text = form.heading + "".join(form.text(answer, "starter") for answer in answers)
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def answers() -> list[PhotoFaces]:
    return [
        PhotoFaces("two.jpg", (FACE, CROP)),
        PhotoFaces("nobody, here.jpg"),
        PhotoFaces("broken.jpg", error="photo of 3 bytes cannot be decoded."),
    ]


def test_json_holds_every_photo_with_its_reason(answers: list[PhotoFaces]) -> None:
    whole = json.loads(to_json(answers, "agegender@champion"))
    assert whole["model"] == "agegender@champion"
    assert whole["limits"] == NOTICE
    assert [len(photo["faces"]) for photo in whole["photos"]] == [2, 0, 0]
    reasons = [photo["reason"] for photo in whole["photos"]]
    assert reasons == [None, "no face found", "photo of 3 bytes cannot be decoded."]


def test_json_numbers_are_rounded_to_what_they_are_worth() -> None:
    face = json.loads(to_json([PhotoFaces("a", (FACE,))], "m"))["photos"][0]["faces"][0]
    assert face["box"] == [10.0, 20.0, 110.0, 140.1]
    assert face["landmarks"][2] == [50.0, 75.0]
    assert face["detection_score"] == 0.988
    assert (face["age"], face["age_low"], face["age_high"]) == (33.6, 26.6, 42.2)
    assert (face["gender"], face["male_probability"]) == ("female", 0.071)
    assert "age_probabilities" not in face


def test_ready_crop_has_no_score_and_no_landmarks_in_json() -> None:
    assert CROP.to_dict()["landmarks"] is None
    assert CROP.to_dict()["detection_score"] is None


def test_csv_has_one_row_a_face_and_one_a_photo_without(
    answers: list[PhotoFaces],
) -> None:
    rows = csv_rows(answers)
    assert [row["photo"] for row in rows] == [
        "two.jpg",
        "two.jpg",
        "nobody, here.jpg",
        "broken.jpg",
    ]
    assert [row["face"] for row in rows] == ["1", "2", "", ""]
    assert rows[0]["age"] == "33.6"
    assert rows[0]["bottom"] == "140.1"
    assert rows[1]["detection_score"] == ""
    assert rows[2]["reason"] == "no face found"
    assert all(row["limits"] == NOTICE_SHORT for row in rows)
    assert {row["model"] for row in rows} == {"starter"}


def test_table_aligns_its_columns_and_ends_in_the_limits(
    answers: list[PhotoFaces],
) -> None:
    heading, first, second, *rest = to_table(answers).splitlines()
    column = heading.index("interval")
    assert first[column:].startswith("27-42")
    assert second[column:].startswith("5-12")
    assert rest[0] == "nobody, here.jpg  no face found"
    assert rest[-1] == NOTICE


def test_table_of_faceless_photos_alone_is_laid_out() -> None:
    text = to_table([PhotoFaces("a.jpg")])
    assert "a.jpg  no face found" in text


def test_what_the_model_abstains_from_is_marked_and_explained() -> None:
    unsure = [PhotoFaces("a.jpg", (replace(FACE, abstained=("face", "gender")),))]
    *_, row, _, doubt, notice = to_table(unsure).splitlines()
    assert row.split()[2:7] == ["34", "27-42", "female?", "0.93", "0.99?"]
    assert (doubt[:2], notice) == ("?:", NOTICE)
    assert csv_rows(unsure)[0]["abstained"] == "face gender"
    assert "?" not in to_table([PhotoFaces("a.jpg", (FACE,))])


@pytest.mark.parametrize(
    ("male", "gender", "sure"), [(0.5, "male", 0.5), (0.49, "female", 0.51)]
)
def test_gender_is_the_likelier_label(male: float, gender: str, sure: float) -> None:
    face = Face((0, 0, 1, 1), None, None, 1, 1, 1, male)
    assert face.gender == gender
    assert face.gender_probability == pytest.approx(sure)
