"""IMDB and WIKI as whole photos: cut here, read from as many archives as there are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agegender.data.archive import open_archive
from agegender.data.prepare import prepare
from agegender.data.sources.imdb_wiki import IMDB, IMDB_FULL, SAMPLE, WIKI_FULL
from agegender.data.volumes import Volumes
from agegender.errors import DataError


def in_volumes(maker: Any, files: dict[str, bytes]) -> Path:
    """Deal photos to two archives, and the metadata to a third, as published."""
    photos = [name for name in files if name.endswith("jpg")]
    half = len(photos) // 2
    parts = {
        "imdb_0.tar": photos[:half],
        "imdb_1.tar.gz": photos[half:],
        "imdb_meta.tar": ["imdb/imdb.mat"],
    }
    (maker.folder / "volumes").mkdir()
    for part, names in parts.items():
        maker.tar({name: files[name] for name in names}, f"volumes/{part}")
    return Path(maker.folder, "volumes")


def test_boxes_are_counted_from_0_with_their_end_outside(maker: Any) -> None:
    rows = IMDB_FULL.rows(open_archive(maker.tar(maker.imdb_full(1, 1))))
    assert rows[["x1", "y1", "x2", "y2"]].to_numpy().tolist() == [[20, 10, 40, 30]]
    assert rows["identity"].tolist() == ["imdb:nm0000000"]


def test_face_fills_the_crop_but_for_the_margin(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.imdb_full(3, 1))
    tight = prepare("imdb-full", tmp_path / "a", archive=archive, size=16, margin=0.0)
    assert tight.faces.min() > 50  # none of the ground, which is 40
    wide = prepare("imdb-full", tmp_path / "b", archive=archive, size=36)
    # 0.4 of the face on each side: of 36 px, 8 show the ground.
    assert (np.abs(wide.faces[:, :, :7].astype(int) - 40) <= 12).all()
    assert (np.abs(wide.faces[:, :, -7:].astype(int) - 40) <= 12).all()
    assert wide.faces[:, 10:26, 10:26].min() > 50
    assert wide.manifest.crop_rule.margin == 0.4


def test_two_people_on_one_photo_are_no_duplicates(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.imdb_full(2, 2, two_on_one=True))
    store = prepare("imdb-full", tmp_path / "store", archive=archive, size=16)
    assert len(store) == 4
    assert store.manifest.duplicates["groups"] == 0
    first, second = store.faces[:2].astype(int)
    assert np.abs(first - second).mean() > 10


def test_rows_without_a_sound_box_are_counted(maker: Any, tmp_path: Path) -> None:
    files = maker.imdb_full(5, 1)
    names = [name.removeprefix("imdb/") for name in files if name.endswith("jpg")]
    boxes = np.empty(5, dtype=object)
    boxes[:] = [
        np.array([[21.0, 11.0, 40.0, 30.0]]),
        np.empty((0, 0)),  # no face found
        np.array([[30.0, 11.0, 20.0, 30.0]]),  # right of its own end
        np.array([[200.0, 11.0, 240.0, 30.0]]),  # beside the photo
        np.array([[-3e4, -3e4, 3e4, 3e4]]),  # far larger than the photo
    ]
    files["imdb/imdb.mat"] = maker.metadata("imdb", names, face_location=boxes)
    archive = maker.tar(files)
    store = prepare("imdb-full", tmp_path / "store", archive=archive, size=16)
    dropped = store.manifest.funnel["dropped"]
    assert (dropped["no_box"], dropped["impossible_box"]) == (1, 1)
    assert dropped["box_off_photo"] == 2
    assert len(store) == 1


def test_metadata_without_boxes_is_refused_in_one_line(maker: Any) -> None:
    files = maker.imdb_full(2, 1)
    names = [name.removeprefix("imdb/") for name in files if name.endswith("jpg")]
    files["imdb/imdb.mat"] = maker.metadata("imdb", names)
    with pytest.raises(DataError, match=r"face_location .* must be 2 x 4 numbers"):
        IMDB_FULL.rows(open_archive(maker.tar(files)))


def test_several_archives_give_the_same_faces_as_one(
    maker: Any, tmp_path: Path
) -> None:
    files = maker.imdb_full(6, 2)
    one = prepare("imdb-full", tmp_path / "a", archive=maker.tar(files), size=16)
    folder = in_volumes(maker, files)
    assert isinstance(open_archive(folder=folder), Volumes)
    several = prepare("imdb-full", tmp_path / "b", folder=folder, size=16)
    assert several.manifest.content_hash == one.manifest.content_hash
    assert len(several) == 12


def test_digest_of_several_archives_tells_any_change(maker: Any) -> None:
    folder = in_volumes(maker, maker.imdb_full(4, 1))
    before = open_archive(folder=folder).digest()
    assert open_archive(folder=folder).digest() == before
    (folder / "imdb_0.tar").rename(folder / "imdb_7.tar")
    assert open_archive(folder=folder).digest() != before


def test_folder_of_photos_and_a_tar_is_a_folder(maker: Any) -> None:
    folder = maker.unpacked({"imdb/00/a.jpg": maker.jpeg(0), "imdb.tar": b"no tar"})
    assert not isinstance(open_archive(folder=folder), Volumes)


def test_crops_need_no_boxes_and_whole_wiki_photos_are_theirs(maker: Any) -> None:
    assert "x1" not in IMDB.rows(open_archive(maker.tar(maker.imdb(1, 1)))).columns
    assert WIKI_FULL.metadata_name == "wiki.mat"


def test_drawn_people_are_nobody_of_wiki(maker: Any) -> None:
    rows = SAMPLE.rows(open_archive(maker.tar(maker.wiki(2))))
    assert rows["identity"].tolist() == ["sample:1000", "sample:1001"]
    assert "nobody" in SAMPLE.terms
