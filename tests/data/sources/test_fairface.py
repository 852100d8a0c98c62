from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agegender.config import FilterRules
from agegender.data.archive import open_archive
from agegender.data.prepare import funnel_of, prepare
from agegender.data.sources.fairface import FAIRFACE, FAIRFACE_TIGHT
from agegender.errors import DataError

TRAIN = b"""file,age,gender,race,service_test
train/1.jpg,50-59,Male,East Asian,True
train/2.jpg,more than 70,Female,Latino_Hispanic,False
train/3.jpg,0-2,Female,White,False
"""
VAL = b"""file,age,gender,race,service_test
val/1.jpg,3-9,Male,Indian,True
val/2.jpg,unknown,Male,Black,True
"""


def official(maker: Any, side: int = 448) -> dict[str, bytes]:
    photos = {f"train/{n}.jpg": maker.jpeg(n, side) for n in (1, 2, 3)}
    photos |= {f"val/{n}.jpg": maker.jpeg(10 + n, side) for n in (1, 2)}
    labels = {"fairface_label_train.csv": TRAIN, "fairface_label_val.csv": VAL}
    return photos | labels


def test_age_is_the_middle_of_the_bucket_and_its_bounds_are_kept(maker: Any) -> None:
    rows = FAIRFACE.rows(open_archive(folder=maker.unpacked(official(maker))))
    assert rows["age"].tolist()[:4] == [54.5, 74.5, 1.0, 6.0]
    assert np.isnan(rows["age"][4])
    assert rows["age_low"].tolist()[:4] == [50, 70, 0, 3]
    assert rows["age_high"].tolist()[:4] == [59, 100, 2, 9]


def test_gender_and_race_take_our_codes(maker: Any) -> None:
    rows = FAIRFACE.rows(open_archive(folder=maker.unpacked(official(maker))))
    assert rows["gender"].tolist() == [1, 0, 0, 1, 1]
    assert rows["race"].tolist() == [2, 4, 0, 3, 1]
    assert rows["race"].dtype == np.int8


def test_official_layout_becomes_a_store_with_its_margin(
    maker: Any, tmp_path: Path
) -> None:
    folder = maker.unpacked(official(maker))
    rules = FilterRules(min_age=0)
    store = prepare("fairface", tmp_path / "store", folder=folder, rules=rules, size=16)
    assert store.labels["id"].tolist() == [f"train/{n}.jpg" for n in (1, 2, 3)] + [
        "val/1.jpg"
    ]
    assert store.manifest.funnel["dropped"]["impossible_age"] == 1
    assert store.manifest.crop_rule.margin == FAIRFACE.margin
    assert store.labels["age_high"].tolist() == [59, 100, 2, 9]


def test_the_other_padding_is_refused_by_name(maker: Any) -> None:
    tight = open_archive(folder=maker.unpacked(official(maker, side=224)))
    with pytest.raises(DataError, match=r"Received: 224 .* fairface-025 is padding"):
        FAIRFACE.rows(tight)
    assert len(FAIRFACE_TIGHT.rows(tight)) == 5


def test_missing_labels_and_columns_are_named(maker: Any) -> None:
    photos = open_archive(maker.tar({"train/1.jpg": maker.jpeg(1)}))
    with pytest.raises(DataError, match=r"none of labels\.csv"):
        FAIRFACE.rows(photos)
    bad = open_archive(maker.tar({"labels.csv": b"file,age\n1.jpg,3-9\n"}))
    with pytest.raises(DataError, match=r"lacks columns \['gender'\]"):
        FAIRFACE.rows(bad)
    bad = open_archive(maker.tar({"labels.csv": b"file,gender\n1.jpg,male\n"}))
    with pytest.raises(DataError, match="lacks age, or age_low and age_high"):
        FAIRFACE.rows(bad)


def test_real_photos_are_accounted_for(shared_data: Path) -> None:
    folder = shared_data / "fairface"
    if not folder.is_dir():
        pytest.skip(f"needs the real photos, absent at {folder}")
    funnel = funnel_of("fairface", FilterRules(), folder=folder)
    assert funnel.to_dict()["kept"] == funnel.read == 270
    rows = FAIRFACE.rows(open_archive(folder=folder))
    assert rows["age"].max() == 74.5
    assert rows["age_high"].max() == 100
