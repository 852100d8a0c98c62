"""Files of answers: what stands of one that was cut off anywhere, and what is ours."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from agegender.errors import ConfigError, DataError
from agegender.predict import Face, PhotoFaces
from agegender.predict.answer_file import LineFormat, going_on, settings_file
from agegender.predict.lines import Csv, JsonLines, Lines
from agegender.predict.parquet import told_of

FACE = Face((1.0, 2.0, 30.0, 40.0), None, 0.9, 33.0, 20.0, 50.0, 0.2)
ANSWERS = [
    PhotoFaces("été.jpg", (FACE, FACE)),
    PhotoFaces('comma, "quote".jpg'),
    PhotoFaces("a.jpg", (FACE,)),
    PhotoFaces("a2.jpg", error="photo of 3 bytes cannot be decoded."),
    PhotoFaces("last.jpg", (FACE, FACE, FACE)),
]
SETTINGS = {"model": "starter", "interval": 0.9}


def names(answers: list[PhotoFaces]) -> list[str]:
    return [answer.source for answer in answers]


@pytest.mark.parametrize("lines", [JsonLines(), Csv()])
def test_file_cut_off_at_any_byte_is_completed_to_what_it_would_have_been(
    lines: Lines, tmp_path: Path
) -> None:
    texts = [lines.text(answer, "starter") for answer in ANSWERS]
    whole = (lines.heading + "".join(texts)).encode()
    ends = np.cumsum([len(text.encode()) for text in texts]) + len(lines.heading)
    path = tmp_path / "answers"
    edges = {int(end) + step for end in ends for step in (-1, 0, 1)}
    for cut in sorted(edges | set(range(0, len(whole), 11))):
        path.write_bytes(whole[:cut])
        kept = lines.kept(path, names(ANSWERS))
        left = [
            text
            for text, answer in zip(texts, ANSWERS, strict=True)
            if answer.source not in kept.photos
        ]
        heading = lines.heading if kept.end == 0 else ""
        gone_on = whole[: kept.end] + (heading + "".join(left)).encode()
        assert gone_on == whole, cut
        told = [answer for answer in ANSWERS if answer.source in kept.photos]
        assert kept.faces == sum(len(answer.faces) for answer in told)
        # At most one photo that was whole is answered again.
        whole_ones = sum(end <= cut for end in ends)
        assert len(left) <= len(texts) - whole_ones + 1


@pytest.mark.parametrize("lines", [JsonLines(), Csv()])
def test_photo_that_is_not_asked_about_again_keeps_what_is_whole(
    lines: Lines, tmp_path: Path
) -> None:
    path = tmp_path / "answers"
    whole = (
        lines.heading + "".join(lines.text(answer, "starter") for answer in ANSWERS[:3])
    ).encode()
    half = lines.text(ANSWERS[4], "starter")[:20].encode()
    for asked in ([], names(ANSWERS[3:])):
        path.write_bytes(whole + half)
        assert lines.kept(path, asked) == (len(whole), set(names(ANSWERS[:3])), 3)


@pytest.mark.parametrize("lines", [JsonLines(), Csv()])
@pytest.mark.parametrize(
    "foreign", [b"photo,age\na.jpg,3\n", b'{"age": 3}\n', b"\xff\xfe\n", b"17\n"]
)
def test_file_of_somebody_else_is_refused(
    lines: Lines, foreign: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "answers"
    path.write_bytes(foreign)
    with pytest.raises(DataError, match="other lines") as refused:
        lines.kept(path, ())
    assert "\n" not in str(refused.value)


def write(path: Path, form: LineFormat, answers: list[PhotoFaces]) -> set[str]:
    with going_on(path, form, "starter", SETTINGS, names(answers)) as file:
        for answer in answers:
            file.add(answer)
        return set(file.done)


def test_parquet_is_gone_on_with_and_has_the_values_of_csv(tmp_path: Path) -> None:
    import pandas as pd  # noqa: PLC0415 - here alone

    table, text = tmp_path / "a.parquet", tmp_path / "a.csv"
    assert write(table, "parquet", ANSWERS[:2]) == set()
    assert write(table, "parquet", ANSWERS[2:]) == {a.source for a in ANSWERS[:2]}
    assert write(table, "parquet", []) == {answer.source for answer in ANSWERS}
    write(text, "csv", ANSWERS)
    pd.testing.assert_frame_equal(
        pd.read_parquet(table), pd.read_csv(text), check_dtype=False
    )
    assert told_of(table) == ({answer.source for answer in ANSWERS}, 6)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "a.csv",
        "a.csv.settings.json",
        "a.parquet",
        "a.parquet.settings.json",
    ]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_photos_of_one_command_stay_when_the_next_asks_about_others(
    form: LineFormat, tmp_path: Path
) -> None:
    path = tmp_path / "answers"
    for answer in ANSWERS:
        write(path, form, [answer])
    assert write(path, form, []) == set(names(ANSWERS))


def test_parquet_that_was_whole_before_its_rows_were_removed_repeats_none(
    tmp_path: Path,
) -> None:
    table = tmp_path / "a.parquet"
    rows = table.with_name(".a.parquet.rows.csv")
    with going_on(table, "parquet", "starter", SETTINGS, ()) as file:
        for answer in ANSWERS:
            file.add(answer)
        stale = rows.read_bytes()
    rows.write_bytes(stale)
    write(table, "parquet", [])
    assert told_of(table)[1] == 6
    assert not rows.exists()


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_other_settings_are_refused_in_one_line_and_nothing_is_touched(
    form: LineFormat, tmp_path: Path
) -> None:
    path = tmp_path / "answers"
    write(path, form, ANSWERS)
    before = path.read_bytes()
    other = {"model": "models:/agegender/3", "interval": 0.9}
    with (
        pytest.raises(
            ConfigError, match="model: starter, now models:/agegender/3"
        ) as no,
        going_on(path, form, "models:/agegender/3", other, ()),
    ):
        pytest.fail("it was begun by another model")
    assert "\n" not in str(no.value)
    assert path.read_bytes() == before
    assert json.loads(settings_file(path).read_text()) == {**SETTINGS, "format": form}


def test_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("my diary\n")
    with pytest.raises(DataError, match="which tells how it was made"):
        write(path, "jsonl", ANSWERS)
    assert path.read_text() == "my diary\n"


@pytest.mark.parametrize("damage", ["[]", "{"])
def test_settings_that_are_damaged_are_told(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    write(path, "jsonl", ANSWERS)
    settings_file(path).write_text(damage)
    with pytest.raises(DataError, match=r"settings\.json is damaged\. Remove it and"):
        write(path, "jsonl", ANSWERS)


def test_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    with (
        going_on(path, "csv", "starter", SETTINGS, ()),
        pytest.raises(DataError, match="written by another"),
    ):
        write(path, "csv", ANSWERS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_full_disk_is_told_and_the_file_gone_on_with_once_there_is_room(
    form: LineFormat, tmp_path: Path
) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    path, whole = tmp_path / "answers", tmp_path / "whole"
    write(whole, form, ANSWERS)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole.stat().st_size - 50, before[1]))
    try:
        with pytest.raises(DataError, match="it goes on") as refused:
            write(path, form, ANSWERS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(refused.value)
    with going_on(path, form, "starter", SETTINGS, names(ANSWERS)) as file:
        for answer in ANSWERS:
            if answer.source not in file.done:
                file.add(answer)
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_is_no_file_is_refused_and_nothing_is_put_beside_it(
    form: LineFormat, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="is no file"):
        write(tmp_path / "folder", form, ANSWERS)
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
