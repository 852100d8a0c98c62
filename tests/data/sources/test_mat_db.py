from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat

from agegender.config import FilterRules
from agegender.data.archive import open_archive
from agegender.data.prepare import funnel_of, prepare
from agegender.data.sources.mat_db import MAT_DB
from agegender.errors import DataError


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size", [16, 20])
def test_faces_enter_the_store_pixel_for_pixel(
    maker: Any, tmp_path: Path, size: int, *, packed: bool
) -> None:
    path = maker.database(30, size, packed=packed)
    store = prepare("mat-db", tmp_path / "store", archive=path, size=size)
    # The file has blue first.
    assert np.array_equal(store.faces, loadmat(path)["image"][..., ::-1])
    assert store.labels["age"].tolist() == [20 + n for n in range(30)]
    assert store.labels["gender"].tolist() == [0, 1] * 15
    assert store.manifest.crop_rule.margin == 0.4


def test_faces_of_another_size_are_resized(maker: Any, tmp_path: Path) -> None:
    store = prepare("mat-db", tmp_path / "store", archive=maker.database(), size=32)
    assert store.faces.shape == (10, 32, 32, 3)


def test_each_face_is_a_person_of_its_own_but_for_identical_pictures(
    maker: Any, tmp_path: Path
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    image[20:] = image[:20]
    path = maker.database(40, image=image)
    store = prepare("mat-db", tmp_path / "store", archive=path, size=16)
    assert store.labels["identity"].nunique() == 20
    assert (store.labels.groupby("identity")["split"].nunique() == 1).all()
    assert store.manifest.sources[0]["names_people"] is False


def test_blank_faces_are_set_aside(maker: Any, tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (10, 16, 16, 3), dtype=np.uint8)
    image[3] = 90
    path = maker.database(10, image=image)
    store = prepare("mat-db", tmp_path / "store", archive=path, size=16)
    assert store.manifest.funnel["dropped"]["blank"] == 1
    assert "000003.bmp" not in set(store.labels["id"])


def test_unknown_genders_and_impossible_ages_are_counted(maker: Any) -> None:
    gender, age = np.arange(10) % 2 + 0.0, np.full(10, 30)
    gender[:3], age[9] = np.nan, 101
    path = maker.database(10, gender=gender, age=age)
    for where in ({"archive": path}, {"metadata": path}):
        funnel = funnel_of("mat-db", FilterRules(), **where)
        assert funnel.dropped == {"impossible_age": 1, "unknown_gender": 3}


def test_database_of_utkface_is_refused_with_the_reason(maker: Any) -> None:
    path = maker.database(db="utk", min_score=-1.0)
    with pytest.raises(DataError, match="0 is male and faces are cut tighter"):
        MAT_DB.rows(open_archive(path))


def test_database_of_unknown_crops_is_refused(maker: Any) -> None:
    with pytest.raises(DataError, match="Received: db 'morph'"):
        MAT_DB.rows(open_archive(maker.database(db="morph")))


def test_other_archives_are_refused(maker: Any) -> None:
    archive = open_archive(maker.tar(maker.wiki(2)))
    with pytest.raises(DataError, match=r"faces\.tar is no database of faces"):
        MAT_DB.rows(archive)
