import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from storing import require_unchanged, write_store

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.data.store import FaceStore
from agegender.errors import DataError


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


RULE = CropRule(margin=0.3, size=16)


def faces(count: int = 6) -> np.ndarray:
    shape = (count, 16, 16, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def labels(count: int = 6) -> pd.DataFrame:
    people = [f"person {n // 2}" for n in range(count)]
    splits = {"person 0": "train", "person 1": "validation", "person 2": "test"}
    return pd.DataFrame(
        {
            "id": [f"{n}.jpg" for n in range(count)],
            "source": "drawn",
            "identity": people,
            "age": np.arange(count) + 20,
            "gender": np.arange(count) % 2,
            "split": [splits[person] for person in people],
            "face_score": np.linspace(1, 5, count),
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> FaceStore:
    return write_store(tmp_path / "store", faces(), labels(), crop_rule=RULE)


def test_what_is_written_is_read(store: FaceStore) -> None:
    assert len(store) == 6
    assert np.array_equal(store.faces, faces())
    assert isinstance(store.faces, np.memmap)
    assert store.labels["age"].dtype == np.float32
    assert store.labels["gender"].dtype == np.int8
    assert store.labels["face_score"].tolist() == labels()["face_score"].tolist()
    assert store.manifest.crop_rule == RULE
    assert store.manifest.split_rules == SplitRules()
    assert store.manifest.filter_rules == FilterRules()
    assert store.manifest.funnel == {"read": 6, "dropped": {}, "kept": 6}
    assert names_in(store.path) == [
        "faces.npy",
        "labels.parquet",
        "store.json",
    ]


def test_rows_of_a_split(store: FaceStore) -> None:
    assert store.rows("validation").tolist() == [2, 3]
    with pytest.raises(DataError, match="train, validation, test"):
        store.rows("exam")


def test_pieces_may_come_in_any_order(store: FaceStore, tmp_path: Path) -> None:
    rows = [np.array([5, 0, 3]), np.array([1, 2, 4])]
    pieces = ((row, faces()[row]) for row in rows)
    other = write_store(tmp_path / "other", pieces, labels(), crop_rule=RULE)
    assert np.array_equal(other.faces, faces())
    assert other.manifest.content_hash == store.manifest.content_hash


def test_content_hash_follows_faces_labels_and_rule(
    store: FaceStore, tmp_path: Path
) -> None:
    def hash_of(pictures: np.ndarray, table: pd.DataFrame, rule: CropRule) -> str:
        written = write_store(tmp_path / "other", pictures, table, crop_rule=rule)
        return written.manifest.content_hash

    changed = faces()
    changed[3, 2, 1, 0] ^= 1
    hashes = {
        store.manifest.content_hash,
        hash_of(changed, labels(), RULE),
        hash_of(faces(), labels().assign(age=7), RULE),
        hash_of(faces(), labels(), CropRule(margin=0.4, size=16)),
    }
    assert len(hashes) == 4
    assert hash_of(faces(), labels(), RULE) == store.manifest.content_hash


def test_split_hash_follows_its_own_rows_alone(
    store: FaceStore, tmp_path: Path
) -> None:
    table = labels()
    table.loc[0, "age"] = 70
    other = write_store(tmp_path / "other", faces(), table, crop_rule=RULE)
    assert other.split_hash("train") != store.split_hash("train")
    assert other.split_hash("test") == store.split_hash("test")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_of_another_spelling_is_no_change(dtype: str, tmp_path: Path) -> None:
    hashes = []
    for nan in (np.nan, -np.nan):
        scores = np.array([nan, 1, 2, nan, 4, 5], dtype)
        table = labels().assign(second_face_score=scores)
        store = write_store(tmp_path / "store", faces(), table, crop_rule=RULE)
        require_unchanged(store)
        hashes.append(store.manifest.content_hash)
    assert hashes[0] == hashes[1]


def test_leak_cannot_be_written(tmp_path: Path) -> None:
    table = labels().assign(identity="one person")
    with pytest.raises(DataError, match="more than one split"):
        write_store(tmp_path / "store", faces(), table, crop_rule=RULE)
    assert names_in(tmp_path) == []


def test_store_without_a_face_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no face left"):
        write_store(tmp_path / "store", faces(0), labels(0), crop_rule=RULE)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("pictures", "table", "message"),
    [
        (faces(5), labels(), "labels describe 6 faces"),
        (faces(7), labels(), "labels describe 6 faces"),
        (faces()[:, :8], labels(), "faces must be uint8"),
        (faces().astype(np.float32), labels(), "faces must be uint8"),
        (faces(), labels().drop(columns="age"), r"lack columns \['age'\]"),
        (faces(), labels().assign(split="exam"), r"\['exam'\]"),
    ],
)
def test_faces_and_labels_that_do_not_fit_are_refused(
    pictures: np.ndarray, table: pd.DataFrame, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        write_store(tmp_path / "store", pictures, table, crop_rule=RULE)
    assert names_in(tmp_path) == []


def edit(key: str, value: object) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        manifest = json.loads((store / "store.json").read_text())
        manifest[key] = value
        (store / "store.json").write_text(json.dumps(manifest))

    return change


def cut(name: str) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        path = store / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return change


def leave_head_open(store: Path) -> None:
    path = store / "faces.npy"
    path.write_bytes(path.read_bytes().replace(b"}", b" ", 1))


def spoil_note_of_pandas(store: Path) -> None:
    table = pq.read_table(store / "labels.parquet")
    note = table.schema.metadata[b"pandas"].replace(b"pandas_type", b"pandas_typo")
    pq.write_table(
        table.replace_schema_metadata({"pandas": note}), store / "labels.parquet"
    )


def relabel(**columns: Any) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        labels().assign(**columns).to_parquet(store / "labels.parquet")

    return change


def spoil_text(store: Path) -> None:
    table = labels().assign(identity="Zo\u00eb")
    table.to_parquet(path := store / "labels.parquet", compression=None)
    path.write_bytes(path.read_bytes().replace(b"Zo\xc3\xab", b"Zo\xeb\xeb"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda store: (store / "store.json").unlink(), "not a face store"),
        (lambda store: (store / "faces.npy").unlink(), "has no faces.npy"),
        (lambda store: (store / "labels.parquet").unlink(), "has no labels.parquet"),
        (cut("store.json"), "cannot be read as JSON"),
        (
            lambda store: (store / "store.json").write_text(100_000 * "["),
            "cannot be read as JSON",
        ),
        (cut("faces.npy"), "is damaged"),
        (cut("labels.parquet"), "is damaged"),
        (leave_head_open, "is damaged"),
        (spoil_note_of_pandas, "is damaged"),
        (spoil_text, "texts of its column identity are no UTF-8"),
        (relabel(gender=None), "is damaged"),
        (relabel(age="old"), "is damaged"),
        (relabel(split=None), "have splits"),
        (edit("format", "cook book"), "does not describe a face store"),
        (edit("format_version", 99), "format version 99"),
        (edit("crop_rule", {"size": 5}), "not a sound manifest"),
        (edit("crop_rule", {"size": 32}), "must hold uint8"),
        (edit("surprise", 1), "not a sound manifest"),
        (lambda store: (store / "store.json").write_text("[]"), "JSON object"),
        (
            lambda store: labels().head(4).to_parquet(store / "labels.parquet"),
            "must hold",
        ),
        (lambda store: labels(0).to_parquet(store / "labels.parquet"), "holds no face"),
        (lambda store: np.save(store / "faces.npy", np.array([{}])), "is damaged"),
    ],
)
def test_damaged_store_is_refused_in_one_line(
    change: Callable[[Path], None], message: str, store: FaceStore
) -> None:
    change(store.path)
    with pytest.raises(DataError, match=message) as caught:
        FaceStore.open(store.path)
    assert "\n" not in str(caught.value)


def test_absent_store_and_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        FaceStore.open(tmp_path / "no")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="not a folder"):
        FaceStore.open(tmp_path / "file")


def test_place_that_holds_no_store_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, says in (
        ("none", "does not exist"),
        ("file", "is not a folder"),
        ("a" * 300, "cannot be looked at: File name too long"),
    ):
        with pytest.raises(DataError, match=says):
            FaceStore.open(tmp_path / name)
