"""What became of every row, and pictures of what the rules dropped."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from storing import require_unchanged

from agegender.data.inputs import Input
from agegender.data.prepare import prepare
from agegender.data.rows_file import ROWS, read_parquet, read_rows
from agegender.errors import DataError


def spoilt(maker: Any) -> dict[str, bytes]:
    """Return WIKI's files with photos that are missing, broken and blank."""
    files: dict[str, bytes] = maker.wiki(
        40,
        face_score=[-np.inf] * 16 + [0.5] * 4 + [3.0] * 20,
        second_face_score=[np.nan] * 20 + [2.0] * 5 + [np.nan] * 15,
        gender=[0.0, 1.0] * 15 + [np.nan] * 2 + [1.0] * 8,
        photo_taken=np.r_[np.full(35, 2010), [1900], np.full(4, 2010)].astype("uint16"),
    )
    photos = [name for name in files if name.endswith("jpg")]
    del files[photos[36]]
    files[photos[37]] = b"no picture"
    files[photos[38]] = maker.blank()
    return files


def test_rows_add_up_to_the_funnel_by_source_and_rule(
    maker: Any, tmp_path: Path
) -> None:
    inputs = [
        Input("wiki", maker.tar(spoilt(maker), "a.tar"), name="old"),
        Input("wiki", maker.tar(maker.wiki(10, gender=[np.nan] * 10), "b.tar")),
    ]
    store = prepare(inputs, tmp_path / "store", size=16)
    rows = read_rows(store.path)
    assert rows is not None
    assert len(rows) == store.manifest.funnel["read"] == 50
    for source in store.manifest.sources:
        found = rows["rule"][rows["source"] == source["name"]].value_counts().to_dict()
        assert found.pop("", 0) == source["funnel"]["kept"]
        counted = source["funnel"]["dropped"]
        assert {rule: n for rule, n in found.items() if n} == {
            rule: n for rule, n in counted.items() if n
        }
    assert rows["id"][rows["rule"] == ""].tolist() == store.labels["id"].tolist()


def test_each_row_keeps_its_own_labels_and_its_own_rule(
    maker: Any, tmp_path: Path
) -> None:
    files = spoilt(maker)
    store = prepare("wiki", tmp_path / "store", archive=maker.tar(files), size=16)
    rows = read_rows(store.path)
    assert rows is not None
    rules = ["no_face"] * 16 + ["weak_face"] * 4 + ["second_face"] * 5 + [""] * 5
    rules += ["unknown_gender"] * 2 + [""] * 3
    rules += ["impossible_age", "missing_file", "undecodable", "blank", ""]
    assert rows["rule"].tolist() == rules
    assert rows["gender"].tolist() == [0, 1] * 15 + [-1, -1] + [1] * 8
    assert rows["photo_taken"].tolist() == [2010] * 35 + [1900] + [2010] * 4
    assert rows["age"][35] == pytest.approx(-80, abs=1)
    assert rows["second_face_score"].notna().sum() == 5


def test_rows_are_no_part_of_the_content(maker: Any, tmp_path: Path) -> None:
    files = maker.wiki(10)
    archive = maker.tar(files)
    store = prepare("wiki", tmp_path / "store", archive=archive, size=16)
    (store.path / ROWS).unlink()
    require_unchanged(store)
    assert read_rows(store.path) is None


def test_damaged_rows_are_one_line(tmp_path: Path) -> None:
    (tmp_path / ROWS).write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match="damaged"):
        read_rows(tmp_path)


def test_no_file_of_pythons_is_left_to_a_thread_of_arrows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "~" / "labels.parquet"
    path.parent.mkdir()
    pd.DataFrame({"age": [30]}).to_parquet(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("io.open", lambda *_: pytest.fail("opened by Python"))
    assert read_parquet(Path("~/labels.parquet"))["age"].tolist() == [30]
