"""One's own photos and a table of who is on them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from storing import require_unchanged

from agegender import cli
from agegender.config import FilterRules, SplitRules
from agegender.data.inputs import Input, read_inputs
from agegender.data.prepare import funnel_of, prepare
from agegender.data.sources.table import read_table
from agegender.data.store import FaceStore
from agegender.errors import ConfigError, DataError

LABELS = pd.DataFrame(
    {
        "path": [f"mine/{n}.jpg" for n in range(12)],
        "age": np.arange(20, 32),
        "gender": ["female", "M"] * 6,
        "identity": [f"p{n // 2}" for n in range(12)],
        "town": ["Basel", "Bern"] * 6,
        "shoe_size": np.arange(12) % 3 + 38,
    }
)


def photos(maker: Any) -> Path:
    files = {f"mine/{n}.jpg": maker.jpeg(n) for n in range(12)}
    return Path(maker.unpacked(files, "photos"))


def written(tmp_path: Path, labels: pd.DataFrame = LABELS) -> Path:
    path = tmp_path / "labels.csv"
    labels.to_csv(path, index=False)
    return path


def stored(maker: Any, tmp_path: Path, labels: pd.DataFrame) -> FaceStore:
    return prepare(
        "table",
        tmp_path / "store",
        folder=photos(maker),
        table=written(tmp_path, labels),
        size=16,
    )


def test_table_becomes_a_store_with_all_it_tells(maker: Any, tmp_path: Path) -> None:
    table = written(tmp_path)
    store = prepare(
        "table", tmp_path / "store", folder=photos(maker), table=table, size=16
    )
    labels = store.labels.set_index("id")
    assert labels.loc["mine/3.jpg", "age"] == 23.0
    assert labels.loc["mine/3.jpg", "gender"] == 1
    assert labels.loc["mine/3.jpg", "town"] == "Bern"
    assert labels["shoe_size"].dtype == np.int32
    assert labels["identity"].nunique() == 6
    assert labels.groupby("identity")["split"].nunique().max() == 1
    (source,) = store.manifest.sources
    assert source["table"] == "labels.csv"
    assert source["table_digest"] == read_table(table).digest
    assert source["crop"] == {"margin": 0.4, "shift": 0.0, "cut_here": False}


def test_parquet_tells_the_same_as_csv(maker: Any, tmp_path: Path) -> None:
    folder = photos(maker)
    parquet = tmp_path / "labels.parquet"
    LABELS.to_parquet(parquet)
    one = prepare(
        "table", tmp_path / "a", folder=folder, table=written(tmp_path), size=16
    )
    two = prepare("table", tmp_path / "b", folder=folder, table=parquet, size=16)
    assert one.manifest.content_hash == two.manifest.content_hash


def test_bytes_of_a_parquet_table_that_are_no_text_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "labels.parquet"
    LABELS.assign(town="Ko\u00e7").to_parquet(table, compression=None)
    table.write_bytes(table.read_bytes().replace(b"Ko\xc3\xa7", b"Ko\xe7\xe7"))
    with pytest.raises(DataError, match="its column town are no UTF-8"):
        read_table(table)


def test_boxes_cut_the_faces_out(maker: Any, tmp_path: Path) -> None:
    labels = LABELS.assign(x1=10, y1=10, x2=30, y2=30)
    labels.loc[0, "x2"] = 5  # left of its own start
    labels.loc[1, "y1"] = np.nan
    store = prepare(
        "table",
        tmp_path / "store",
        folder=photos(maker),
        table=written(tmp_path, labels),
        size=16,
        margin=0.1,
        shift=0.05,
    )
    dropped = store.manifest.funnel["dropped"]
    assert (dropped["impossible_box"], dropped["no_box"]) == (1, 1)
    assert len(store) == 10
    assert "x1" not in store.labels
    assert (store.manifest.crop_rule.margin, store.manifest.crop_rule.shift) == (
        0.1,
        0.05,
    )
    assert store.manifest.sources[0]["crop"]["cut_here"]


def test_several_faces_of_one_photo_have_ids_of_their_own(
    maker: Any, tmp_path: Path
) -> None:
    labels = LABELS.head(2).assign(path="mine/0.jpg", x1=[0, 20], y1=0, x2=[20, 40])
    labels["y2"] = 20
    store = stored(maker, tmp_path, labels)
    assert store.labels["id"].tolist() == ["mine/0.jpg#1", "mine/0.jpg#2"]


def test_full_paths_and_those_of_windows_are_found(maker: Any, tmp_path: Path) -> None:
    folder = photos(maker)
    labels = LABELS.assign(
        path=[f"{folder}/mine/0.jpg", "mine\\1.jpg", "./mine/2.jpg", *LABELS.path[3:]]
    )
    store = prepare(
        "table",
        tmp_path / "s",
        folder=folder,
        table=written(tmp_path, labels),
        size=16,
    )
    assert len(store) == 12


def test_names_of_our_own_columns_are_not_taken_over(
    maker: Any, tmp_path: Path
) -> None:
    labels = LABELS.assign(split="test", id=7, digest="x", fault="bad", dob=1)
    store = stored(maker, tmp_path, labels)
    assert len(store) == 12
    assert set(store.labels["split"]) > {"train"}
    assert "dob" not in store.labels


def test_ages_alone_are_enough(maker: Any, tmp_path: Path) -> None:
    table = written(tmp_path, LABELS[["path", "age"]])
    rules = FilterRules(allow_unknown_gender=True)
    store = prepare(
        "table",
        tmp_path / "s",
        folder=photos(maker),
        table=table,
        size=16,
        rules=rules,
    )
    assert (store.labels["gender"] == -1).all()


def test_dry_run_counts_without_any_photo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = LABELS.copy()
    labels.loc[0, "age"] = 130
    table = written(tmp_path, labels)
    assert funnel_of("table", FilterRules(), table=table).kept == 11
    code = cli.main(
        ["prep", "--source", "table", "--table", str(table), "--dry-run", "true"]
    )
    assert code == 0
    assert json.loads(capsys.readouterr().out)["dropped"]["impossible_age"] == 1


def test_dry_run_counts_several_inputs(
    maker: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(maker)
    written(tmp_path)
    maker.tar(maker.wiki(5), "wiki.tar")
    file = tmp_path / "inputs.yaml"
    file.write_text(
        "- {source: wiki, archive: wiki.tar}\n"
        "- {source: table, folder: photos, table: labels.csv, name: ours}\n"
    )
    assert read_inputs(file)[1] == Input(
        "table", None, tmp_path / "photos", tmp_path / "labels.csv", "ours"
    )
    assert cli.main(["prep", "--inputs", str(file), "--dry-run", "true"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == 17


def test_named_table_has_people_of_its_own(maker: Any, tmp_path: Path) -> None:
    folder, table = photos(maker), written(tmp_path)
    other = tmp_path / "other.csv"
    LABELS.assign(path=[f"{n}.jpg" for n in range(12)]).to_csv(other, index=False)
    files = {f"{n}.jpg": maker.jpeg(100 + n) for n in range(12)}
    inputs = [
        Input("table", None, folder, table, "first"),
        Input("table", None, maker.unpacked(files, "others"), other, "second"),
    ]
    store = prepare(inputs, tmp_path / "s", size=16)
    assert store.labels["identity"].nunique() == 12
    assert set(store.labels["source"]) == {"first", "second"}


def test_command_line_prepares_a_table(
    maker: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(
        [
            *("prep", "--source", "table", "--table", str(written(tmp_path))),
            *("--folder", str(photos(maker)), "--out", str(tmp_path / "store")),
            *("--size", "16", "--margin", "0.2"),
        ]
    )
    assert code == 0
    assert "12 kept" in capsys.readouterr().out
    made = json.loads((tmp_path / "store" / "store.json").read_text())
    assert made["crop_rule"]["margin"] == 0.2


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (LABELS.drop(columns="path"), "lacks columns ['path']"),
        (LABELS.drop(columns="age"), "lacks columns ['age']"),
        (LABELS.assign(x1=3), "must have all of x1, y1, x2, y2 or none"),
        (LABELS.assign(gender="unsure"), "column gender of"),
        (LABELS.assign(path="elsewhere/0.jpg"), "has none of the 12 photos"),
        (LABELS.head(0), "has no row"),
        (pd.concat([LABELS, LABELS["age"]], axis=1), "has columns ['age'] more than"),
    ],
)
def test_unfit_table_is_refused_in_one_line(
    maker: Any, tmp_path: Path, labels: pd.DataFrame, told: str
) -> None:
    with pytest.raises(DataError) as caught:
        prepare(
            "table",
            tmp_path / "s",
            folder=photos(maker),
            table=written(tmp_path, labels),
            size=16,
        )
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "s").exists()


def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    for content in (b"\xff\xfe\x00", b"PAR1 nothing", b"", b"a,b\n1,2,3,4\n"):
        path.write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_table(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


def test_table_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "agegender.data.sources.labels_file.MAX_METADATA_BYTES"
    monkeypatch.setattr(limit, 2**20)  # a gibibyte takes seconds to make
    path = tmp_path / "labels.parquet"
    for table, told in (
        (pa.table({"path": pa.nulls(5_000_000), "age": pa.nulls(5_000_000)}), "rows"),
        (pa.table({f"c{n}": [1] for n in range(1001)}), "1001 columns"),
        (pa.table({"path": ["x" * 2**10] * 2**11}), "it unpacks to over"),
    ):
        pq.write_table(table, path)
        with pytest.raises(DataError, match=told):
            read_table(path)
    monkeypatch.undo()
    path.write_bytes(b"path,age\n" + b"a,1\n" * (2**22 + 1))
    with pytest.raises(DataError, match="rows"):
        read_table(path)


def test_table_goes_with_its_source_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a table"):
        prepare("table", tmp_path / "s", folder=tmp_path)
    with pytest.raises(ConfigError, match="goes with source table"):
        prepare("wiki", tmp_path / "s", folder=tmp_path, table="labels.csv")


def test_quote_that_nobody_closed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    open_quote = 'path,age\n0.jpg,30\n1.jpg,31\n"2.jpg,32\n3.jpg,33\n'
    for content in (open_quote, open_quote.replace("31", "31,more")):
        path.write_text(content)
        with pytest.raises(DataError, match="EOF inside string"):
            read_table(path)


def test_row_with_a_comma_too_many_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("path,age,gender\n0.jpg,30,f\n1.jpg,31,m,more\n2.jpg,32,f\n")
    funnel = funnel_of("table", FilterRules(), table=path)
    assert (funnel.read, funnel.kept, funnel.dropped["no_path"]) == (3, 2, 1)


def test_no_row_is_lost_between_quotes_and_commas_too_many(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = ["path,age,town", "0.jpg,30,Bonn", '1.jpg,31,"Bad" Ems', "2.jpg,32,Ulm,CH"]
    path.write_text("\n".join(rows))
    labels = read_table(path).labels
    assert labels["path"].fillna("").tolist() == ["0.jpg", "1.jpg", ""]
    assert labels["town"].fillna("").tolist() == ["Bonn", "Bad Ems", ""]


def test_index_of_a_parquet_table_means_nothing(maker: Any, tmp_path: Path) -> None:
    table = tmp_path / "labels.parquet"
    labels = LABELS.assign(x1=0, y1=0, x2=30, y2=30)
    labels.loc[3, "x2"] = 0
    parts = [labels[:6], labels[6:].reset_index(drop=True)]
    pd.concat(parts).to_parquet(table)
    store = prepare(
        "table", tmp_path / "store", folder=photos(maker), table=table, size=16
    )
    assert store.manifest.funnel["read"] == 12
    assert store.manifest.funnel["dropped"]["impossible_box"] == 1
    expected = LABELS.drop(3).set_index("path")["age"].to_dict()
    assert store.labels.set_index("id")["age"].to_dict() == expected


def test_empty_cells_of_texts_stay_empty(maker: Any, tmp_path: Path) -> None:
    table = written(tmp_path, LABELS.assign(town=["Basel", None] * 6))
    store = prepare(
        "table", tmp_path / "store", folder=photos(maker), table=table, size=16
    )
    assert store.labels["town"].notna().tolist() == [True, False] * 6
    require_unchanged(FaceStore.open(store.path))


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ([1, 2, 3], np.array([1, 2, 3], np.int32)),
        (["1.5", "NA", ""], np.array([1.5, np.nan, np.nan], np.float32)),
        ([123456789, 123456790, ""], np.array([123456789, 123456790, np.nan])),
        ([2**53 + 1, 1, 2], np.array([2**53 + 1, 1, 2])),
        ([2**53 + 1, 1, ""], [str(2**53 + 1), "1", np.nan]),
        (["47.5596123", 1, 2], np.array([47.5596123, 1, 2])),
        (["NA", "x", "y"], ["NA", "x", "y"]),
    ],
)
def test_further_columns_lose_nothing(tmp_path: Path, cells: Any, kept: Any) -> None:
    table = written(tmp_path, LABELS.head(3).assign(more=cells))
    expected = pd.Series(kept, name="more", dtype=getattr(kept, "dtype", "str"))
    pd.testing.assert_series_equal(read_table(table).label_rows()["more"], expected)


def test_detector_and_year_of_others_are_no_limits_here(
    maker: Any, tmp_path: Path
) -> None:
    labels = LABELS.assign(
        face_score=0.98, second_face_score="none", photo_taken="2019-07-01"
    )
    store = stored(maker, tmp_path, labels)
    assert len(store) == 12
    assert not {"face_score", "second_face_score", "photo_taken"} & {*store.labels}


def test_any_word_is_a_name(tmp_path: Path) -> None:
    labels = LABELS.assign(identity=["NA", "null", ""] * 4, gender=["NA", "nan"] * 6)
    rows = read_table(written(tmp_path, labels)).label_rows()
    assert set(rows["identity"]) == {"table:NA", "table:null", ""}
    assert rows["gender"].isna().all()


def test_dry_run_finds_full_paths_as_prep_does(
    maker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(maker)
    table = written(tmp_path, LABELS.assign(path=f"{folder}/" + LABELS["path"]))
    monkeypatch.chdir(folder / "mine")
    given: Any = {"folder": "../../photos", "table": table}
    assert funnel_of("table", FilterRules(), **given).kept == 12
    assert len(prepare("table", tmp_path / "s", size=16, **given)) == 12


def test_photos_with_a_tar_file_among_them_are_a_folder(
    maker: Any, tmp_path: Path
) -> None:
    folder = photos(maker) / "mine"
    maker.tar({"old.jpg": b"old"}, "photos/mine/backup.tar")
    table = written(tmp_path, LABELS.assign(path=[f"{n}.jpg" for n in range(12)]))
    assert funnel_of("table", FilterRules(), folder=folder, table=table).kept == 12


def test_boxes_on_copies_of_a_photo_share_a_split(maker: Any, tmp_path: Path) -> None:
    files = {f"{copy}{n}.jpg": maker.jpeg(n) for n in range(30) for copy in "ab"}
    labels = pd.DataFrame({"path": list(files), "age": 30, "gender": "f"})
    labels = labels.assign(x1=[0, 1] * 30, y1=0, x2=30, y2=30)
    store = prepare(
        "table",
        tmp_path / "store",
        folder=maker.unpacked(files),
        table=written(tmp_path, labels),
        size=16,
        split_rules=SplitRules(validation=0.3, test=0.3),
    )
    split_of = store.labels.set_index("id")["split"]
    assert all(split_of[f"a{n}.jpg"] == split_of[f"b{n}.jpg"] for n in range(30))
    assert store.manifest.duplicates["groups"] == 0


def test_columns_of_two_tables_meet(maker: Any, tmp_path: Path) -> None:
    columns = {
        "numbers_and_text": ([7] * 12, ["x"] * 12),
        "whole_and_fractions": ([7] * 12, [0.5] * 12),
        "both_whole": ([7] * 12, [2**40] * 12),
    }
    inputs = []
    for number, name in enumerate("ab"):
        more = {column: cells[number] for column, cells in columns.items()}
        labels = LABELS.assign(**more, path=[f"{n}.jpg" for n in range(12)])
        labels.drop(columns="town" if number else []).to_csv(
            tmp_path / f"{name}.csv", index=False
        )
        files = {f"{n}.jpg": maker.jpeg(20 * number + n) for n in range(12)}
        folder = maker.unpacked(files, f"photos {name}")
        inputs.append(Input("table", None, folder, tmp_path / f"{name}.csv", name))
    labels = prepare(inputs, tmp_path / "store", size=16).labels
    assert set(labels["numbers_and_text"]) == {"7", "x"}
    assert set(labels["whole_and_fractions"]) == {7.0, 0.5}
    assert set(labels["both_whole"]) == {7, 2**40}
    assert labels["town"].isna().sum() == 12
