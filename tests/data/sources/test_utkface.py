from pathlib import Path
from typing import Any

import pytest

from agegender.config import FilterRules
from agegender.data.archive import open_archive
from agegender.data.prepare import funnel_of
from agegender.data.sources.utkface import UTKFACE
from agegender.errors import ConfigError, DataError

DATE = "20170116232725357"


def rows(maker: Any, *names: str) -> Any:
    return UTKFACE.rows(open_archive(maker.tar(dict.fromkeys(names, b"photo"))))


def test_labels_are_read_from_the_names_and_gender_is_turned_round(maker: Any) -> None:
    table = rows(
        maker, f"UTKFace/26_0_3_{DATE}.jpg.chip.jpg", f"UTKFace/7_1_0_{DATE}.jpg"
    )
    assert table["age"].tolist() == [26.0, 7.0]
    assert table["gender"].tolist() == [1.0, 0.0]
    assert table["race"].tolist() == [3, 0]
    assert table["id"].tolist() == [f"26_0_3_{DATE}.jpg.chip.jpg", f"7_1_0_{DATE}.jpg"]
    assert (table["fault"] == "").all()


@pytest.mark.parametrize(
    "name",
    [
        f"39_1_{DATE}.jpg.chip.jpg",  # a field is missing
        f"24_0_1_{DATE} .jpg.chip.jpg",  # a blank
        f"55_0_0_{DATE}jpg.chip.jpg",  # a dot is missing
        f"55_0_0_{DATE}9.jpg.chip.jpg",  # a digit too many
        f"55_2_0_{DATE}.jpg",  # no such gender
        f"_0_0_{DATE}.jpg",
        f"-5_0_0_{DATE}.jpg",
        f"55_0_0_{DATE}.jpg.chip.png",
    ],
)
def test_malformed_names_are_counted(name: str, maker: Any) -> None:
    assert rows(maker, name)["fault"].tolist() == ["malformed_name"]


def test_other_files_are_accounted_for(maker: Any) -> None:
    faults = rows(maker, "readme.txt", "UTKFace/Thumbs.db", f"5_0_0_{DATE}.jpg")[
        "fault"
    ]
    assert sorted(faults) == ["", "not_a_picture", "not_a_picture"]


def test_same_name_in_two_folders_keeps_two_ids(maker: Any) -> None:
    name = f"5_0_0_{DATE}.jpg"
    ids = rows(maker, f"part1/{name}", f"part2/{name}")["id"]
    assert ids.tolist() == [f"part1/{name}", f"part2/{name}"]


def test_rows_are_the_same_from_folder_and_archive(maker: Any) -> None:
    files = maker.utkface(12)
    packed = UTKFACE.rows(open_archive(maker.tar(files, "UTKFace.tar.gz")))
    unpacked = UTKFACE.rows(open_archive(folder=maker.unpacked(files)))
    assert packed.equals(unpacked)


def test_there_is_no_metadata_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no metadata file"):
        funnel_of("utkface", FilterRules(), metadata=tmp_path / "utk.mat")


def test_empty_archive_is_refused(maker: Any) -> None:
    with pytest.raises(DataError, match="holds no file"):
        rows(maker)


def test_genuine_archive_is_accounted_for(shared_data: Path) -> None:
    archive = shared_data / "utkface" / "UTKFace.tar.gz"
    if not archive.is_file():
        pytest.skip(f"needs the genuine archive, absent at {archive}")
    funnel = funnel_of("utkface", FilterRules(), archive=archive)
    assert funnel.to_dict() == {
        "read": 18_997,
        "dropped": {"malformed_name": 8, "impossible_age": 26, "unknown_gender": 0},
        "kept": 18_963,
    }
