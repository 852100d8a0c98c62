from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storing import require_unchanged

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.data.faces import resize_crop
from agegender.data.photo import decode_photo
from agegender.data.prepare import prepare
from agegender.data.rows_file import read_rows
from agegender.data.sources.utkface import UTKFACE_MARGIN, UTKFACE_SHIFT
from agegender.data.store import FaceStore
from agegender.errors import ConfigError, DataError


def one_split_each(groups: Any) -> bool:
    return bool((groups.agg(lambda splits: len(set(splits))) == 1).all())


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


DATE = "20170116232725357"


def test_faces_are_those_of_the_archive_in_the_order_of_the_metadata(
    maker: Any, tmp_path: Path
) -> None:
    files = maker.wiki(20)
    store = prepare("wiki", tmp_path / "store", archive=maker.tar(files), size=16)
    rule = CropRule(margin=0.4, size=16)
    assert store.manifest.crop_rule == rule
    assert len(store) == 20
    for row, name in enumerate(store.labels["id"]):
        photo = decode_photo(files[f"wiki_crop/{name}"])
        assert np.array_equal(store.faces[row], resize_crop(photo, rule))
    assert store.labels["id"].tolist() == sorted(
        store.labels["id"], key=lambda name: int(name[3:].split("_")[0])
    )
    require_unchanged(store)


def test_container_and_workers_change_nothing(maker: Any, tmp_path: Path) -> None:
    files = maker.imdb(100, 3)
    # The metadata's order is not the archive's.
    packed = dict(sorted(files.items(), reverse=True))
    tar, gz = maker.tar(packed, "imdb.tar"), maker.tar(packed, "imdb.tar.gz")
    folder = maker.unpacked(files)
    hashes = {
        prepare(
            "imdb", tmp_path / "store", size=16, workers=workers, **where
        ).manifest.content_hash
        for workers in (1, 3)
        for where in ({"archive": tar}, {"archive": gz}, {"folder": folder})
    }
    assert len(hashes) == 1


def test_any_executor_gives_the_same_store(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.utkface(300), "utk.tar")
    alone = prepare("utkface", tmp_path / "a", archive=archive, size=16, workers=1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        other = prepare(
            "utkface", tmp_path / "b", archive=archive, size=16, executor=processes
        )
    assert other.manifest.content_hash == alone.manifest.content_hash


def test_bad_photos_are_set_aside_with_the_reason(maker: Any, tmp_path: Path) -> None:
    files = maker.wiki(12)
    names = [name for name in files if name.endswith("jpg")]
    del files[names[0]]
    files[names[1]] = b"no picture"
    files[names[2]] = files[names[2]][:-200]
    files[names[3]] = maker.blank()
    files[names[4]] = b""
    store = prepare("wiki", tmp_path / "store", archive=maker.tar(files), size=16)
    dropped = store.manifest.funnel["dropped"]
    assert {rule: n for rule, n in dropped.items() if n} == {
        "missing_file": 1,
        "undecodable": 3,
        "blank": 1,
    }
    assert store.manifest.funnel["kept"] == len(store) == 7
    rows = pd.read_parquet(store.path / "rows.parquet")
    aside = rows[rows["rule"] != ""]
    assert aside["id"].tolist() == [name.split("/", 1)[1] for name in names[:5]]
    assert aside["rule"].tolist() == [
        "missing_file",
        "undecodable",
        "undecodable",
        "blank",
        "undecodable",
    ]


def test_paths_that_leave_the_archive_are_missing(maker: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(maker.jpeg(1))
    paths = ["../secret.jpg", str(tmp_path / "secret.jpg"), "5_ok.jpg"]
    folder = maker.unpacked(
        {"wiki.mat": maker.metadata("wiki", paths), "5_ok.jpg": maker.jpeg(2)}
    )
    store = prepare("wiki", tmp_path / "store", folder=folder, size=16)
    assert store.labels["id"].tolist() == ["5_ok.jpg"]
    assert store.manifest.funnel["dropped"]["missing_file"] == 2


def test_links_among_photos_are_told_as_such(maker: Any, tmp_path: Path) -> None:
    folder = maker.unpacked(
        {
            "wiki.mat": maker.metadata(
                "wiki", ["1_link.jpg", "2_gone.jpg", "5_ok.jpg"]
            ),
            "5_ok.jpg": maker.jpeg(2),
        }
    )
    (folder / "1_link.jpg").symlink_to("5_ok.jpg")
    store = prepare("wiki", tmp_path / "store", folder=folder, size=16)
    funnel = store.manifest.funnel
    assert funnel["dropped"]["not_a_file"] == funnel["dropped"]["missing_file"] == 1
    assert funnel["read"] == sum(funnel["dropped"].values()) + funnel["kept"] == 3


def test_every_file_of_utkface_is_accounted_for(maker: Any, tmp_path: Path) -> None:
    files = maker.utkface(20)
    files |= {
        "UTKFace/readme.txt": b"hello",
        f"UTKFace/39_1_{DATE}.jpg.chip.jpg": maker.jpeg(1),
        f"UTKFace/116_1_0_{DATE}.jpg.chip.jpg": maker.jpeg(2),
        f"UTKFace/16_1_0_{DATE}.jpg.chip.jpg": b"broken",
    }
    store = prepare("utkface", tmp_path / "store", archive=maker.tar(files, "u.tar.gz"))
    funnel = store.manifest.funnel
    assert funnel["read"] == len(files)
    assert sum(funnel["dropped"].values()) + funnel["kept"] == funnel["read"]
    assert {rule: n for rule, n in funnel["dropped"].items() if n} == {
        "malformed_name": 1,
        "not_a_picture": 1,
        "impossible_age": 1,
        "undecodable": 1,
    }
    aside = pd.read_parquet(store.path / "rows.parquet").set_index("id")["rule"]
    assert aside["readme.txt"] == "not_a_picture"
    assert aside[f"39_1_{DATE}.jpg.chip.jpg"] == "malformed_name"
    assert store.manifest.crop_rule == CropRule(
        margin=UTKFACE_MARGIN, shift=UTKFACE_SHIFT, size=64
    )


def test_identical_files_are_one_identity_whatever_their_labels(
    maker: Any, tmp_path: Path
) -> None:
    files = maker.utkface(60)
    for n in range(20):
        files[f"UTKFace/{50 + n}_0_1_{DATE}.jpg"] = maker.jpeg(n)
    store = prepare("utkface", tmp_path / "store", archive=maker.tar(files), size=16)
    assert len(store) == 80
    assert store.labels["identity"].nunique() == 60
    assert one_split_each(store.labels.groupby("digest")["split"])


def test_people_who_share_a_file_share_a_split(maker: Any, tmp_path: Path) -> None:
    files = maker.imdb(40, 2)
    photos = [name for name in files if name.endswith("jpg")]
    for n in range(0, 80, 4):
        files[photos[n + 2]] = files[photos[n]]  # person by person, two by two
    rules = SplitRules(validation=0.3, test=0.3)
    store = prepare(
        "imdb", tmp_path / "store", archive=maker.tar(files), size=16, split_rules=rules
    )
    person = store.labels["id"].str.extract(r"nm(\d+)", expand=False).astype(int)
    assert one_split_each(store.labels["split"].groupby(person // 2))
    assert store.labels["identity"].nunique() == 20


def test_blank_photos_tie_nobody_together(maker: Any, tmp_path: Path) -> None:
    files = maker.imdb(20, 2)
    photos = [name for name in files if name.endswith("jpg")]
    files |= dict.fromkeys(photos[::2], maker.blank())
    store = prepare("imdb", tmp_path / "store", archive=maker.tar(files), size=16)
    assert store.labels["identity"].nunique() == 20
    assert set(store.manifest.duplicates.values()) == {0}


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    people=st.integers(2, 12),
    photos=st.integers(1, 4),
    seed=st.integers(0, 1000),
    extra=st.integers(0, 6),
)
def test_many_photos_of_one_person_never_leak_and_more_people_move_nobody(
    maker: Any, people: int, photos: int, seed: int, extra: int
) -> None:
    rules = SplitRules(seed=seed, validation=0.3, test=0.3)
    with TemporaryDirectory(dir=maker.folder) as folder:
        splits = []
        for count in (people, people + extra):
            archive = maker.tar(maker.imdb(count, photos), f"imdb{count}.tar")
            store = prepare(
                "imdb",
                Path(folder) / "store",
                archive=archive,
                size=16,
                split_rules=rules,
                workers=1,
            )
            by_person = store.labels.groupby("identity")["split"]
            assert one_split_each(by_person)
            splits.append(by_person.first().to_dict())
    assert splits[0].items() <= splits[1].items()


def test_manifest_says_where_the_faces_come_from(maker: Any, tmp_path: Path) -> None:
    rules = FilterRules(min_age=5)
    archive = maker.tar(maker.wiki(8), "wiki_crop.tar")
    store = prepare("wiki", tmp_path / "s", archive=archive, size=16, rules=rules)
    (source,) = store.manifest.sources
    assert source["name"] == "wiki"
    assert source["archive"] == "wiki_crop.tar"
    assert source["digest"].startswith("sha256:")
    assert "research" in source["terms"]
    assert source["rows"] == 8
    assert source["crop"] == {"margin": 0.4, "shift": 0.0, "cut_here": False}
    assert store.manifest.filter_rules == rules
    assert str(tmp_path) not in (store.path / "store.json").read_text()


def test_progress_reaches_the_end(maker: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    prepare(
        "utkface",
        tmp_path / "store",
        archive=maker.tar(maker.utkface(300)),
        size=16,
        rules=FilterRules(max_age=100),
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    assert told[-1][0] == told[-1][1] == 81
    assert told[-1][2] == "photos"


def test_nothing_left_is_one_line_with_the_funnel(maker: Any, tmp_path: Path) -> None:
    files = maker.wiki(5, face_score=[-np.inf] * 5)
    archive = maker.tar(files)
    with pytest.raises(DataError, match="no face left: read 5, dropped 5 no_face"):
        prepare("wiki", tmp_path / "store", archive=archive)
    assert names_in(tmp_path) == ["faces.tar"]


def test_store_is_replaced_and_anything_else_is_not(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.wiki(5))
    out = tmp_path / "store"
    prepare("wiki", out, archive=archive, size=16)
    assert len(prepare("wiki", out, archive=archive, size=32).faces[0]) == 32
    stranger = tmp_path / "photos"
    stranger.mkdir()
    (stranger / "dear.jpg").touch()
    with pytest.raises(DataError, match="is not a store"):
        prepare("wiki", stranger, archive=archive)
    assert names_in(stranger) == ["dear.jpg"]


def test_archive_damaged_midway_leaves_the_old_store(
    maker: Any, tmp_path: Path
) -> None:
    out = tmp_path / "store"
    archive = maker.tar(maker.utkface(20), "utk.tar.gz")
    before = prepare("utkface", out, archive=archive, size=16).manifest.content_hash
    archive.write_bytes(archive.read_bytes()[:-4000])
    with pytest.raises(DataError, match="damaged"):
        prepare("utkface", out, archive=archive, size=16)
    assert FaceStore.open(out).manifest.content_hash == before
    assert names_in(tmp_path) == ["store", "utk.tar.gz"]


def test_interruption_leaves_no_store(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.utkface(20))

    def interrupt(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare("utkface", tmp_path / "store", archive=archive, progress=interrupt)
    left = [name for name in names_in(tmp_path) if ".parts-" not in name]
    assert left == ["faces.tar"]


def test_no_worker_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        prepare("wiki", tmp_path / "store", archive=tmp_path / "a.tar", workers=0)


def test_parts_without_a_place_are_refused(maker: Any, tmp_path: Path) -> None:
    archive = maker.tar(maker.utkface(3))
    with pytest.raises(ConfigError, match="parts need a folder or an address"):
        prepare("utkface", tmp_path / "store", archive=archive, parts_at="")


def test_out_may_be_a_link_time_and_again(maker: Any, tmp_path: Path) -> None:
    archive, out = maker.tar(maker.wiki(5)), tmp_path / "store"
    try:
        out.symlink_to(tmp_path / "disk")
    except OSError:
        pytest.skip("this system does not let us make links")
    for size in (16, 24, 32):
        assert prepare("wiki", out, archive=archive, size=size).faces.shape[1] == size
    assert out.is_symlink()
    assert names_in(tmp_path) == ["disk", "faces.tar", "store"]


@pytest.mark.parametrize("place", ["out", "also_mat", "archive"])
def test_address_instead_of_a_path_is_refused_before_any_work(
    maker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive = maker.tar(maker.wiki(5))
    monkeypatch.chdir(tmp_path)
    given = {"out": "store", "archive": archive, place: "s3://me:secret@bucket/x"}
    with pytest.raises(ConfigError, match=r"not an address\. Received: s3://bucket/x"):
        prepare("wiki", **given)
    assert names_in(tmp_path) == ["faces.tar"]


@pytest.mark.parametrize("place", ["out", "also_mat", "folder"])
def test_path_that_is_no_utf_8_is_refused_before_any_work(
    tmp_path: Path, place: str
) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("path,age\na.jpg,30\n")
    given = {"out": tmp_path / "store", "folder": tmp_path, "table": table}
    given[place] = tmp_path / "\udce4"  # as Python names the byte e4
    with pytest.raises(ConfigError, match=r"in UTF-8\. Received: .*\\udce4"):
        prepare("table", **given)
    assert names_in(tmp_path) == ["labels.csv"]


def test_store_may_lie_in_a_folder_named_like_a_home(
    maker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = maker.tar(maker.wiki(5))
    monkeypatch.chdir(tmp_path)
    assert len(prepare("wiki", "~/store", archive=archive, size=16)) == 5
    assert (tmp_path / "~" / "store" / "store.json").exists()
    assert read_rows(Path("~/store")) is not None


@pytest.mark.parametrize("inside", ["notes.txt", "another store"])
def test_store_that_somebody_has_put_files_into_stays(
    maker: Any, tmp_path: Path, inside: str
) -> None:
    archive, out = maker.tar(maker.wiki(5)), tmp_path / "store"
    prepare("wiki", out, archive=archive, size=16)
    (out / ".DS_Store").touch()
    prepare("wiki", out, archive=archive, size=16)
    (out / inside).mkdir()
    with pytest.raises(DataError, match="holds other files as well; it stays"):
        prepare("wiki", out, archive=archive, size=16)
    assert inside in names_in(out)
