import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agegender.errors import DataError
from agegender.predict import AnnotatedFolder, Face, PhotoFaces, annotate
from agegender.predict.annotate import DOUBTFUL, SURE
from agegender.predict.placing import Area, place, shared_areas


def face(
    left: float, top: float, right: float, bottom: float, male: float = 0.95
) -> Face:
    return Face((left, top, right, bottom), None, 0.99, 34.0, 27.0, 42.0, male)


def has_colour(picture: Image.Image, colour: tuple[int, int, int]) -> bool:
    return bool((np.asarray(picture) == colour).all(axis=2).any())


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (40, 900), (900, 40), (700, 900)])
def test_photo_of_any_size_is_drawn_large_enough_to_read(
    shape: tuple[int, int],
) -> None:
    height, width = shape
    picture = annotate(np.zeros((*shape, 3), np.uint8), [face(0, 0, width, height)])
    assert max(picture.size) >= 800


def test_face_that_fills_a_narrow_photo_gets_its_label_too() -> None:
    picture = annotate(np.zeros((400, 50, 3), np.uint8), [face(0, 0, 50, 400)])
    inside = np.asarray(picture)[5:13, 6:90]  # of the lines of its box
    assert (inside == SURE).all(axis=2).mean() > 0.3


def test_photo_itself_is_left_alone() -> None:
    photo = np.zeros((700, 700, 3), np.uint8)
    annotate(photo, [face(100, 100, 300, 300)])
    assert not photo.any()


def test_colour_tells_doubt_and_not_gender() -> None:
    photo = np.zeros((700, 700, 3), np.uint8)
    for male in (0.05, 0.95):
        picture = annotate(photo, [face(100, 100, 300, 300, male)])
        assert has_colour(picture, SURE)
        assert not has_colour(picture, DOUBTFUL)
    doubtful = annotate(
        photo, [replace(face(100, 100, 300, 300), abstained=("gender",))]
    )
    assert has_colour(doubtful, DOUBTFUL)


def test_photo_without_faces_keeps_its_pixels_above_the_legend() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (900, 850, 3), dtype=np.uint8)
    picture = np.asarray(annotate(photo, []))
    assert (picture[:900] == photo).all()
    assert len(picture) > 900


def test_labels_of_a_crowd_cover_no_face() -> None:
    photo = np.full((750, 1200, 3), 128, np.uint8)
    crowd = [
        face(x, y, x + 60, y + 70)
        for x in range(45, 1200, 150)
        for y in range(40, 750, 150)
    ]
    picture = np.asarray(annotate(photo, crowd, fit_faces=True))
    zoom = picture.shape[1] / 1200
    assert zoom > 1
    labelled = 0
    for one in crowd:
        left, top, right, bottom = (round(edge * zoom) for edge in one.box)
        line = 10
        inside = picture[top + line : bottom - line, left + line : right - line]
        assert (inside == 128).all()
        around = picture[max(top - 40, 0) : top - 2, left : left + 60]
        labelled += bool((around == SURE).all(axis=2).any())
    assert labelled == len(crowd)


def test_frames_of_a_film_have_one_size_whatever_is_seen() -> None:
    photo = np.zeros((700, 900, 3), np.uint8)
    seen = [[], [face(10, 10, 30, 30)], [face(0, 0, 600, 600)] * 3]
    assert len({annotate(photo, faces).size for faces in seen}) == 1


@pytest.mark.parametrize("shape", [(2400, 200), (900, 40), (900, 900), (300, 3000)])
def test_legend_is_whole_however_narrow_the_photo(shape: tuple[int, int]) -> None:
    picture = np.asarray(annotate(np.zeros((*shape, 3), np.uint8), []))
    strip = picture[shape[0] * max(1, round(800 / max(shape))) :]
    assert (strip < 128).any()
    for edge in (strip[:, :2], strip[:, -2:], strip[-2:]):
        assert (edge == 255).all()


@given(st.lists(st.tuples(*[st.floats(-50, 450)] * 2, st.floats(5, 300)), max_size=20))
@settings(max_examples=60)
def test_labels_stay_in_the_picture_and_off_each_other(
    corners: list[tuple[float, float, float]],
) -> None:
    faces = [Area(x, y, x + side, y + side) for x, y, side in corners]
    taken: list[Area] = []
    for one in faces:
        found = place(one, [(120, 20), (60, 36)], taken, faces, (400, 400))
        if found is not None:
            taken.append(found[1])
    for number, label in enumerate(taken):
        assert min(label.left, label.top) >= 0
        assert max(label.right, label.bottom) <= 400
        assert not shared_areas([label], taken[:number]).any()


def test_label_of_one_in_a_large_crowd_is_placed_at_once() -> None:
    crowd = [Area(x, y, x + 9, y + 9) for x in range(0, 300, 10) for y in range(200)]
    begun = time.process_time()
    for _ in range(20):
        place(Area(350, 350, 360, 360), [(20, 9), (9, 20)], crowd, crowd, (400, 400))
    assert time.process_time() - begun < 3  # 0.4; one by one 5


def test_label_goes_where_it_covers_no_other_face() -> None:
    mine, above = Area(100, 100, 200, 200), Area(100, 40, 200, 100)
    found = place(mine, [(90, 20)], [], [mine, above], (400, 400))
    assert found is not None
    assert found[1].top == 200


def test_label_larger_than_the_picture_is_left_out() -> None:
    assert place(Area(0, 0, 9, 9), [(50, 50)], [], [], (20, 20)) is None


def save(folder: Path, *answers: PhotoFaces) -> list[str]:
    list(AnnotatedFolder(folder).save_all(answers, workers=1))
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "one" / "photo.jpg"
    path.parent.mkdir()
    Image.new("RGB", (80, 60)).save(path)
    return path


def test_photos_of_one_name_do_not_overwrite_each_other(
    photo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "two" / "PHOTO.JPG"
    other.parent.mkdir()
    other.write_bytes(photo.read_bytes())
    answers = (PhotoFaces(str(path)) for path in (photo, other))
    assert save(tmp_path / "out", *answers) == ["PHOTO-2.JPG", "photo.jpg"]


def test_names_that_some_file_systems_take_for_one_are_told_apart(
    tmp_path: Path,
) -> None:
    folder = AnnotatedFolder(tmp_path / "out")
    named = [
        folder.name(name).name
        for name in ("a/\xfc.jpg", "b/u\u0308.jpg", "U\u0308.JPG")
    ]
    assert named == ["\xfc.jpg", "u\u0308-2.jpg", "U\u0308-3.JPG"]


def test_annotated_picture_is_a_readable_jpeg(photo: Path, tmp_path: Path) -> None:
    save(tmp_path / "out", PhotoFaces(str(photo), (face(10, 10, 40, 40),)))
    with Image.open(tmp_path / "out" / "photo.jpg") as picture:
        assert picture.format == "JPEG"
        assert picture.width == 800


def test_other_formats_become_png(photo: Path, tmp_path: Path) -> None:
    bitmap = photo.with_suffix(".bmp")
    Image.new("RGB", (30, 30)).save(bitmap)
    save(tmp_path / "out", PhotoFaces(str(bitmap)))
    with Image.open(tmp_path / "out" / "photo.png") as picture:
        assert picture.format == "PNG"


def test_longest_name_that_a_file_may_have_is_kept(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 251}.jpg"
    Image.new("RGB", (30, 30)).save(path)
    assert save(tmp_path / "out", PhotoFaces(str(path))) == [path.name]


def test_second_photo_of_the_longest_name_gets_one_too(tmp_path: Path) -> None:
    folder = AnnotatedFolder(tmp_path / "out")
    longest = [folder.name(f"{place}/{'x' * 251}.jpg").name for place in "ab"]
    assert longest == [f"{'x' * 251}.jpg", f"{'x' * 249}-2.jpg"]
    assert len(os.fsencode(folder.name(f"{'é' * 300}.bmp").name)) <= 255


def test_many_photos_of_one_name_are_numbered_before_long(tmp_path: Path) -> None:
    folder = AnnotatedFolder(tmp_path / "out")
    begun = time.process_time()
    named = [folder.name(f"{number}/face.jpg").name for number in range(12_000)]
    assert named[:2] + named[-1:] == ["face.jpg", "face-2.jpg", "face-12000.jpg"]
    assert time.process_time() - begun < 3  # 0.1; counting from 1 each time, 9
    assert folder.name("a/face-2.jpg").name == "face-2-2.jpg"


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_names_that_are_none_stop_nothing(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for source in ("http://[", f"{loop}/a.jpg", "a\0b/c.jpg", "", "x" * 999):
        assert not save(tmp_path / "out", PhotoFaces(source, error="cannot be read"))


def test_broken_photo_has_no_picture(tmp_path: Path) -> None:
    assert not save(tmp_path / "out", PhotoFaces("broken.jpg", error="broken"))


def test_folder_of_the_photos_is_refused(photo: Path) -> None:
    before = photo.read_bytes()
    with pytest.raises(DataError, match="Name another folder"):
        save(photo.parent, PhotoFaces(str(photo)))
    assert photo.read_bytes() == before


def test_folder_that_is_a_file_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written") as refused:
        AnnotatedFolder(tmp_path / "file")
    assert "\n" not in str(refused.value)
