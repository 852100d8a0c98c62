import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat
from storing import require_unchanged, write_store

from agegender.config import CropRule, FilterRules
from agegender.data.database import writer
from agegender.data.database.reader import FaceDatabase
from agegender.data.database.writer import write_database
from agegender.data.prepare import prepare
from agegender.data.store import FaceStore
from agegender.errors import ConfigError, DataError

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
from agegender.data.database.writer import write_database
from agegender.data.store import FaceStore
write_database(FaceStore.open(sys.argv[1]), sys.argv[2])
"""


def made_store(folder: Path, faces: int = 7, **labels: Any) -> FaceStore:
    columns = {
        "id": [f"{n}.jpg" for n in range(faces)],
        "source": "wiki",
        "identity": [f"wiki:{n}" for n in range(faces)],
        "age": np.arange(faces) + 30.4,
        "gender": np.arange(faces) % 2,
        "split": "train",
    }
    pixels = np.random.default_rng(0).integers(0, 256, (faces, 16, 16, 3), np.uint8)
    return write_store(
        folder / "store",
        pixels,
        pd.DataFrame({**columns, **labels}),
        crop_rule=CropRule(size=16),
        filter_rules=FilterRules(min_face_score=1.5),
        sources=[{"name": "wiki"}],
    )


def test_scipy_reads_what_the_original_wrote(tmp_path: Path) -> None:
    store = made_store(tmp_path)
    found = loadmat(write_database(store, tmp_path / "imdb_db.mat"))
    assert np.array_equal(found["image"][..., ::-1], store.faces)
    assert found["image"].dtype == np.uint8
    assert found["gender"].dtype == found["age"].dtype == np.int64
    assert found["gender"].tolist() == [[0, 1, 0, 1, 0, 1, 0]]
    assert found["age"].tolist() == [[30, 31, 32, 33, 34, 35, 36]]
    assert found["db"].tolist() == ["wiki"]
    assert (found["img_size"].tolist(), found["img_size"].dtype) == ([[16]], np.int64)
    assert (found["min_score"].tolist(), found["min_score"].dtype) == ([[1.5]], float)
    ours = [name for name in found if not name.startswith("__")]
    assert ours == ["image", "gender", "age", "db", "img_size", "min_score"]


def test_unknown_gender_is_nan(tmp_path: Path) -> None:
    store = made_store(tmp_path, 3, gender=[1, -1, 0])
    found = loadmat(write_database(store, tmp_path / "imdb_db.mat"))
    assert np.array_equal(found["gender"], [[1, np.nan, 0]], equal_nan=True)


def test_store_to_database_to_store_keeps_every_pixel(
    maker: Any, tmp_path: Path
) -> None:
    path = tmp_path / "imdb_db.mat"
    archive = maker.tar(maker.wiki(20))
    first = prepare("wiki", tmp_path / "a", archive=archive, size=16, also_mat=path)
    second = prepare("mat-db", tmp_path / "b", archive=path, size=16)
    assert np.array_equal(first.faces, second.faces)
    for name in ("age", "gender"):
        assert first.labels[name].tolist() == second.labels[name].tolist()
    again = write_database(second, tmp_path / "again.mat")
    assert FaceDatabase(again).db == "mat-db"


def test_more_faces_than_a_band_come_out_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = made_store(tmp_path, 600)
    whole = write_database(store, tmp_path / "whole.mat").read_bytes()
    monkeypatch.setattr("agegender.data.database.planes.BAND_BYTES", 300 * 16 * 16 * 3)
    told: list[tuple[int, int, str]] = []
    path = tmp_path / "bands.mat"
    write_database(store, path, progress=lambda *what: told.append(what))
    assert path.read_bytes() == whole
    assert told == [(300, 600, "faces to bands.mat"), (600, 600, "faces to bands.mat")]


def test_same_store_gives_the_same_bytes_and_replaces_them(tmp_path: Path) -> None:
    store, path = made_store(tmp_path), tmp_path / "imdb_db.mat"
    first = write_database(store, path).read_bytes()
    assert write_database(store, path).read_bytes() == first
    assert sorted(one.name for one in tmp_path.iterdir()) == ["imdb_db.mat", "store"]


def test_other_crops_are_named_and_not_taken_for_imdb_wiki(tmp_path: Path) -> None:
    store = made_store(tmp_path)
    crop = replace(store.manifest.crop_rule, margin=-0.04, shift=0.08)
    store.manifest = replace(store.manifest, crop_rule=crop)
    path = write_database(store, tmp_path / "imdb_db.mat")
    assert FaceDatabase(path).db == "wiki, margin -0.04, shift 0.08"
    with pytest.raises(DataError, match="whose crops and genders are known"):
        prepare("mat-db", tmp_path / "b", archive=path)


def test_too_many_faces_are_refused_and_the_store_stays(tmp_path: Path) -> None:
    store, path = made_store(tmp_path, 7), tmp_path / "imdb_db.mat"
    face = 16 * 16 * 3
    with pytest.raises(DataError, match=r"7 faces of 16 px do not fit .* 6 of them do"):
        write_database(store, path, most_bytes=7 * face)
    assert not path.exists()
    require_unchanged(store)
    assert write_database(store, path, most_bytes=7 * face + 1) == path


def test_two_gigabytes_are_174762_faces_of_64_pixels() -> None:
    writer.refuse_too_many(174_762, 64)
    with pytest.raises(DataError, match="174,762 of them do"):
        writer.refuse_too_many(174_763, 64)


def test_far_too_many_rows_are_refused_before_a_photo_is_read(
    maker: Any, tmp_path: Path
) -> None:
    paths = [f"{n}_x.jpg" for n in range(3100)]
    archive = maker.tar({"wiki.mat": maker.metadata("wiki", paths)})
    with pytest.raises(DataError, match="3,100 faces of 512 px do not fit"):
        prepare(
            "wiki", tmp_path / "s", archive=archive, size=512, also_mat=tmp_path / "m"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["faces.tar"]


def test_foreign_file_stays_and_nothing_is_done(maker: Any, tmp_path: Path) -> None:
    path = maker.database()
    before = path.read_bytes()
    archive = maker.tar(maker.wiki(3))
    with pytest.raises(DataError, match="was not written by this program; it stays"):
        prepare("wiki", tmp_path / "s", archive=archive, also_mat=path)
    assert path.read_bytes() == before
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("place", ["s", "s/imdb_db.mat", "faces.tar"])
def test_database_must_lie_beside_store_and_archive(
    maker: Any, tmp_path: Path, place: str
) -> None:
    archive = maker.tar(maker.wiki(3))
    with pytest.raises(ConfigError, match="beside the store and what is read"):
        prepare("wiki", tmp_path / "s", archive=archive, also_mat=tmp_path / place)
    assert not (tmp_path / "s").exists()


def test_root_of_a_disk_is_no_place_for_a_database(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it stays"):
        writer.refuse_place(Path(tmp_path.anchor))


def test_place_that_cannot_be_written_is_told_before_any_work(
    maker: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    archive, path = maker.tar(maker.wiki(3)), tmp_path / "file" / "imdb_db.mat"
    with pytest.raises(DataError, match=r"imdb_db\.mat cannot be written"):
        prepare("wiki", tmp_path / "s", archive=archive, also_mat=path)
    assert not (tmp_path / "s").exists()


@pytest.mark.skipif(os.name == "nt", reason="no limits of file size on Windows")
def test_full_disk_leaves_the_store_and_nothing_else(tmp_path: Path) -> None:
    store, path = made_store(tmp_path), tmp_path / "imdb_db.mat"
    command = [sys.executable, "-c", LIMITED, store.path, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = done.stderr.splitlines()[-1]
    assert "imdb_db.mat cannot be written: File too large. The store" in told
    assert [one.name for one in tmp_path.iterdir()] == ["store"]
