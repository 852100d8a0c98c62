import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from agegender.data.archive import open_archive
from agegender.data.database import planes
from agegender.data.database.reader import FaceDatabase
from agegender.data.listing import CHUNK
from agegender.data.photo import decode_photo
from agegender.errors import DataError


def faces_of(database: FaceDatabase, wanted: Any) -> dict[int, np.ndarray]:
    faces = {}
    for chunk in database.chunks(wanted):
        assert len(chunk.positions) <= CHUNK
        for position, photo in zip(chunk.positions.tolist(), chunk.photos, strict=True):
            assert photo is not None
            faces[position] = decode_photo(photo)
    return faces


def test_wanted_faces_are_handed_out_and_no_others(maker: Any) -> None:
    path = maker.database(600)
    rgb = loadmat(path)["image"][..., ::-1]
    database = FaceDatabase(path)
    wanted = database.members.iloc[[599, 3, 4, 300, 3]].reset_index(drop=True)
    faces = faces_of(database, wanted)
    assert list(faces) == [1, 4, 2, 3, 0]
    for row, place in wanted["place"].items():
        assert np.array_equal(faces[row], rgb[place])
    assert np.array_equal(decode_photo(database.read("000007.bmp")), rgb[7])
    with pytest.raises(DataError, match=r"no readable file 600\.bmp"):
        database.read("600.bmp")


def test_more_faces_than_a_band_holds_come_in_bands(maker: Any) -> None:
    size = 512
    per_band = planes.Planes(0, 1, size).band
    image = np.zeros((per_band + 3, size, size, 3), dtype=np.uint8, order="F")
    image[:, 0, 0, 0] = np.arange(per_band + 3)
    database = FaceDatabase(maker.database(per_band + 3, size, image=image))
    faces = faces_of(database, database.members)
    assert [face[0, 0, 2] for face in faces.values()] == list(range(per_band + 3))


def test_one_face_is_a_database(maker: Any) -> None:
    database = FaceDatabase(maker.database(1))
    assert len(faces_of(database, database.members)) == 1


def test_matlab_file_is_told_by_its_head(maker: Any) -> None:
    assert isinstance(open_archive(maker.database()), FaceDatabase)
    assert not isinstance(open_archive(maker.tar(maker.wiki(1))), FaceDatabase)


def test_file_of_the_other_byte_order_is_read(tmp_path: Path) -> None:
    def element(kind: int, content: bytes) -> bytes:
        tag = struct.pack(">II", kind, len(content))
        return tag + content + bytes(-len(content) % 8)

    def array(name: str, kind: int, sides: tuple[int, ...], content: bytes) -> bytes:
        flags = element(6, struct.pack(">II", kind, 0))
        extent = element(5, struct.pack(f">{len(sides)}i", *sides))
        return element(14, flags + extent + element(1, name.encode()) + content)

    image = np.arange(2 * 16 * 16 * 3).astype(np.uint8).reshape(2, 16, 16, 3)
    path = tmp_path / "big.mat"
    path.write_bytes(
        b"MATLAB 5.0".ljust(124)
        + b"\1\0MI"
        + array("image", 9, image.shape, element(2, image.tobytes(order="F")))
        + array("gender", 12, (1, 2), element(12, struct.pack(">2q", 0, 1)))
        + array("age", 12, (1, 2), element(12, struct.pack(">2q", 20, 300)))
        + array("db", 4, (1, 4), element(4, "wiki".encode("utf-16-be")))
    )
    database = FaceDatabase(path)
    assert database.db == "wiki"
    assert database.labels["age"].tolist() == [20, 300]
    faces = faces_of(database, database.members)
    assert np.array_equal(faces[1], image[1][..., ::-1])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"db": None}, "lacks db, and holds image, gender, age, img_size"),
        ({"gender": np.zeros(4)}, "holds 10 faces, but 4 numbers of gender"),
        ({"age": "young"}, "5 numbers of age|age holds no numbers"),
        ({"db": 3.0}, "db is no text"),
        ({"image": np.zeros((10, 16, 16, 3))}, r"must be uint8 \(N, S, S, 3\)"),
        ({"image": np.zeros((10, 16, 8, 3), np.uint8)}, "of sides"),
        ({"image": np.zeros((10, 16, 16), np.uint8)}, "of sides"),
        ({"image": np.zeros((0, 16, 16, 3), np.uint8)}, "it holds no face"),
    ],
)
def test_what_is_no_database_is_refused_in_one_line(
    maker: Any, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        FaceDatabase(maker.database(**changed))
    assert "\n" not in str(caught.value)


def test_metadata_file_is_no_database(maker: Any, tmp_path: Path) -> None:
    path = tmp_path / "wiki.mat"
    path.write_bytes(maker.metadata("wiki", ["1.jpg"]))
    with pytest.raises(DataError, match="lacks image, gender, age, db, and holds wiki"):
        open_archive(path)


def test_version_7_3_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "new.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(126) + b"IM" + bytes(100))
    with pytest.raises(DataError, match=r"version 7\.3; save it with -v7"):
        open_archive(path)


def test_file_that_is_cut_while_in_use_is_one_line(maker: Any) -> None:
    path = maker.database(50)
    database = FaceDatabase(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match="was cut while in use"):
        faces_of(database, database.members)


def test_file_that_has_gone_is_one_line(maker: Any) -> None:
    path = maker.database()
    database = FaceDatabase(path)
    path.unlink()
    with pytest.raises(DataError, match=r"imdb_db\.mat cannot be read: No such"):
        faces_of(database, database.members)


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), packed=st.booleans())
def test_damaged_files_are_read_or_refused(
    maker: Any, data: st.DataObject, *, packed: bool
) -> None:
    whole = bytearray(maker.database(2, packed=packed).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    path = maker.folder / "damaged.mat"
    path.write_bytes(whole[: data.draw(st.integers(8, len(whole)))])
    try:
        database = FaceDatabase(path)
        faces_of(database, database.members)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both ends are right


def test_variables_of_other_kinds_are_passed_over(maker: Any, tmp_path: Path) -> None:
    known = loadmat(maker.database(3))
    others = {"notes": {"by": "me"}, "cells": np.array(["a", 1], dtype=object)}
    arrays = {name: known[name] for name in ("image", "gender", "age")}
    path = tmp_path / "more.mat"
    savemat(path, {**others, **arrays, "db": "imdb", "empty": np.empty((0, 0))})
    assert len(FaceDatabase(path).members) == 3
