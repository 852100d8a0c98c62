from pathlib import Path
from typing import Any

import pytest

from agegender.config import FilterRules
from agegender.data.archive import open_archive
from agegender.data.prepare import funnel_of, prepare
from agegender.data.sources.appa_real import APPA_REAL
from agegender.errors import DataError

HEAD = "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"


def appa_real(maker: Any, faces: int = 4) -> dict[str, bytes]:
    files = {}
    for part, first in (("train", 20), ("valid", 40), ("test", 60)):
        lines = [f"{n:06d}.jpg,38,{first + n}.5,4.25,{first}\n" for n in range(faces)]
        files[f"appa-real-release/gt_avg_{part}.csv"] = (HEAD + "".join(lines)).encode()
        for n in range(faces):
            photo = f"appa-real-release/{part}/{n:06d}.jpg"
            files[photo] = maker.jpeg(first + n, 80)
            files[f"{photo}_face.jpg"] = maker.jpeg(first + n, 40)
    return files


def test_age_is_the_apparent_one_and_the_real_one_is_kept(maker: Any) -> None:
    rows = APPA_REAL.rows(open_archive(maker.tar(appa_real(maker, 2))))
    ages = rows.set_index("id")["age"].to_dict()
    assert ages["train/000001.jpg"] == 21.5
    assert ages["valid/000000.jpg"] == 40.5
    assert ages["test/000000.jpg"] == 60.5
    assert sorted(rows["real_age"].unique()) == [20, 40, 60]
    assert (rows["age_sd"] == 4.25).all()


def test_faces_rather_than_photos_become_the_store(maker: Any, tmp_path: Path) -> None:
    folder = maker.unpacked(appa_real(maker))
    rules = FilterRules(allow_unknown_gender=True)
    store = prepare("appa-real", tmp_path / "store", folder=folder, rules=rules)
    assert len(store) == 12
    assert (store.labels["gender"] == -1).all()
    assert store.manifest.crop_rule.margin == 0.4
    assert set(store.labels["real_age"]) == {20.0, 40.0, 60.0}


def test_faces_without_gender_are_dropped_unless_allowed(maker: Any) -> None:
    archive = maker.tar(appa_real(maker))
    strict = funnel_of("appa-real", FilterRules(), archive=archive)
    assert strict.dropped["unknown_gender"] == 12
    allowed = FilterRules(allow_unknown_gender=True)
    assert funnel_of("appa-real", allowed, archive=archive).kept == 12


def test_one_part_can_be_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "gt_avg_valid.csv"
    path.write_text(HEAD + "000003.jpg,38,43.5,4.25,40\n")
    assert APPA_REAL.metadata_rows(path)["id"].tolist() == ["valid/000003.jpg"]


def test_archive_of_another_data_set_is_refused(maker: Any) -> None:
    with pytest.raises(DataError, match=r"holds none of gt_avg_train\.csv"):
        APPA_REAL.rows(open_archive(maker.tar(maker.utkface(2))))
