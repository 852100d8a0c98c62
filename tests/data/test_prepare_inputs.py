import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from storing import require_unchanged

from agegender.config import CropRule, FilterRules
from agegender.data.duplicates import conflicts
from agegender.data.inputs import Input, read_inputs
from agegender.data.prepare import funnel_of, prepare
from agegender.data.sources.utkface import UTKFACE_MARGIN
from agegender.errors import ConfigError, DataError


def both(maker: Any) -> list[Input]:
    wiki, imdb = maker.wiki(30), maker.imdb(10, 3)
    first = next(name for name in wiki if name.endswith("jpg"))
    wiki[first] = b"no picture"
    return [
        Input("wiki", maker.tar(wiki, "wiki.tar")),
        Input("imdb", maker.tar(imdb, "imdb.tar")),
    ]


def test_funnels_of_the_sources_add_up_to_the_store(maker: Any, tmp_path: Path) -> None:
    store = prepare(both(maker), tmp_path / "store", size=16)
    funnels = [source["funnel"] for source in store.manifest.sources]
    total = store.manifest.funnel
    assert total["read"] == sum(one["read"] for one in funnels) == 60
    assert total["kept"] == sum(one["kept"] for one in funnels) == len(store) == 59
    for rule, count in total["dropped"].items():
        assert count == sum(one["dropped"][rule] for one in funnels)
    assert store.labels["source"].value_counts().to_dict() == {"imdb": 30, "wiki": 29}
    rows = pd.read_parquet(store.path / "rows.parquet")
    assert rows["source"][rows["rule"] != ""].tolist() == ["wiki"]
    require_unchanged(store)


def test_identical_photos_tie_people_across_sources(maker: Any, tmp_path: Path) -> None:
    store = prepare(both(maker), tmp_path / "store", size=16)
    assert store.manifest.duplicates["groups"] == 29
    tied = store.labels.groupby("digest")["identity"].nunique()
    assert (tied == 1).all()


def test_people_of_two_inputs_of_one_source_stay_apart(
    maker: Any, tmp_path: Path
) -> None:
    files = maker.imdb(4, 2)
    others = {
        name: maker.jpeg(100 + n) if name.endswith("jpg") else content
        for n, (name, content) in enumerate(files.items())
    }
    places = [maker.tar(files, "a.tar"), maker.tar(others, "b.tar")]
    with pytest.raises(ConfigError, match="names that differ"):
        prepare([Input("imdb", p) for p in places], tmp_path / "store", size=16)
    named = [Input("imdb", places[0]), Input("imdb", places[1], name="mine")]
    store = prepare(named, tmp_path / "store", size=16)
    assert store.labels["identity"].nunique() == 8


def test_people_of_crops_and_of_whole_photos_are_the_same(
    maker: Any, tmp_path: Path
) -> None:
    inputs = [
        Input("imdb", maker.tar(maker.imdb(4, 2), "crops.tar")),
        Input("imdb-full", maker.tar(maker.imdb_full(4, 2), "photos.tar")),
    ]
    store = prepare(inputs, tmp_path / "store", size=16)
    assert len(store) == 16
    assert store.labels["identity"].nunique() == 4
    cuts = [source["crop"] for source in store.manifest.sources]
    assert cuts == [
        {"margin": 0.4, "shift": 0.0, "cut_here": False},
        {"margin": 0.4, "shift": 0.0, "cut_here": True},
    ]


def test_whole_photos_are_cut_as_the_other_inputs_are(
    maker: Any, tmp_path: Path
) -> None:
    inputs = [
        Input("utkface", maker.tar(maker.utkface(6), "utk.tar")),
        Input("imdb-full", maker.tar(maker.imdb_full(4, 2), "photos.tar")),
    ]
    store = prepare(inputs, tmp_path / "store", size=16)
    assert store.manifest.crop_rule.margin == UTKFACE_MARGIN
    assert store.manifest.sources[1]["crop"]["margin"] == UTKFACE_MARGIN
    race = store.labels.groupby("source")["race"].agg(set)
    assert race.to_dict() == {"utkface": {0, 1, 2, 3, 4}, "imdb-full": {-1}}
    with pytest.raises(ConfigError, match="cut already, so --margin"):
        prepare(inputs, tmp_path / "other", size=16, margin=0.4)


def test_inputs_file_may_say_the_crop_of_each_input(maker: Any, tmp_path: Path) -> None:
    maker.tar(maker.wiki(4), "wiki.tar")
    maker.tar(maker.imdb_full(4, 2), "photos.tar")
    file = tmp_path / "inputs.yaml"
    whole = "- {source: imdb-full, archive: photos.tar, margin: 0.2, shift: 0.05}\n"
    file.write_text(whole)
    store = prepare(read_inputs(file), tmp_path / "store", size=16)
    assert store.manifest.crop_rule == CropRule(margin=0.2, shift=0.05, size=16)
    file.write_text(whole + "- {source: wiki, archive: wiki.tar}\n")
    for work in (
        lambda: prepare(read_inputs(file), tmp_path / "other", size=16),
        lambda: funnel_of(read_inputs(file), FilterRules()),
    ):
        with pytest.raises(DataError, match=r"imdb-full \(margin 0\.2, shift 0\.05\)"):
            work()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("margin: 0.2", "wiki is cut already, with margin 0.4"),
        ("shift: 9", "crop shift must be within"),
        ("margin: wide", "must be numbers. Received: 'wide'"),
        ("margin: yes", "must be numbers. Received: True"),
    ],
)
def test_crop_that_cannot_be_is_refused_in_one_line(
    maker: Any, tmp_path: Path, entry: str, says: str
) -> None:
    maker.tar(maker.wiki(3), "wiki.tar")
    file = tmp_path / "inputs.yaml"
    file.write_text(f"- {{source: wiki, archive: wiki.tar, {entry}}}\n")
    with pytest.raises(ConfigError) as told:
        prepare(read_inputs(file), tmp_path / "store", size=16)
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_pictures_cut_differently_are_refused(maker: Any, tmp_path: Path) -> None:
    inputs = [
        *both(maker),
        Input("utkface", maker.tar(maker.utkface(), "utk.tar")),
    ]
    with pytest.raises(DataError, match="cut in different ways"):
        prepare(inputs, tmp_path / "store", size=16)


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_inputs_are_read_from_json_however_it_is_laid_out(
    tmp_path: Path, indent: int | str | None
) -> None:
    file = tmp_path / "inputs.json"
    given = {"source": "wiki", "archive": "\N{GRINNING FACE}.tar", "margin": 4e-1}
    file.write_text(json.dumps([given], indent=indent))
    archive = tmp_path / "\N{GRINNING FACE}.tar"
    assert read_inputs(file) == [Input("wiki", archive, margin=0.4)]


def test_inputs_are_read_from_a_file_beside_them(maker: Any, tmp_path: Path) -> None:
    maker.tar(maker.wiki(3), "wiki.tar")
    file = tmp_path / "inputs.yaml"
    file.write_text("- {source: wiki, archive: wiki.tar}\n")
    assert read_inputs(file) == [Input("wiki", tmp_path / "wiki.tar")]
    file.write_text("- {sauce: wiki}\n")
    with pytest.raises(ConfigError, match="sauce"):
        read_inputs(file)


@pytest.mark.parametrize(("setting", "kept"), [("keep", 24), ("drop", 18)])
def test_duplicates_at_odds_are_reported_and_dropped_on_demand(
    maker: Any, tmp_path: Path, setting: Any, kept: int
) -> None:
    files = maker.utkface(20)
    for n in range(3):  # another age
        files[f"UTKFace/{70 + n}_{n % 2}_1_20170116232725357.jpg"] = maker.jpeg(n)
    # The same labels: no conflict.
    files["UTKFace/30_0_1_20170116232725357.jpg"] = maker.jpeg(10)
    store = prepare(
        "utkface",
        tmp_path / "store",
        archive=maker.tar(files),
        size=16,
        rules=FilterRules(conflicting_duplicates=setting),
    )
    assert store.manifest.duplicates == {
        "groups": 4,
        "photos": 8,
        "conflicting_groups": 3,
        "conflicting_photos": 6,
    }
    assert len(store) == store.manifest.funnel["kept"] == kept
    require_unchanged(store)


def test_unknown_gender_is_at_odds_with_no_other() -> None:
    rows = pd.DataFrame({"age": [30.0] * 5, "gender": [-1, 1, -1, 0, 1]})
    digests = pd.Series(["a", "a", "b", "b", "b"])
    assert conflicts(rows, digests).tolist() == [False, False, True, True, True]


def test_no_input_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one input"):
        prepare([], tmp_path / "store")
    with pytest.raises(ConfigError, match="at least one input"):
        funnel_of([], FilterRules())


@pytest.mark.parametrize(
    ("entry", "received"),
    [
        ("{source: utkface, folder: 2019}", "2019"),
        ("{source: [imdb], folder: a}", r"\['imdb'\]"),
        ("{source: wiki, archive: a.tar, name: 1}", "1"),
    ],
)
def test_what_is_no_text_is_refused_in_an_inputs_file(
    tmp_path: Path, entry: str, received: str
) -> None:
    file = tmp_path / "inputs.yaml"
    file.write_text(f"- {entry}\n")
    with pytest.raises(ConfigError, match=f"must be texts. Received: {received}"):
        read_inputs(file)


def test_places_beside_several_inputs_are_refused(maker: Any, tmp_path: Path) -> None:
    inputs = [Input("wiki", maker.tar(maker.wiki(3), "wiki.tar"))]
    for given in ({"archive": "x.tar"}, {"folder": "x"}, {"table": "x.csv"}):
        with pytest.raises(ConfigError, match="Received beside them: x"):
            prepare(inputs, tmp_path / "store", size=16, **given)
        with pytest.raises(ConfigError, match="Received beside them: x"):
            funnel_of(inputs, FilterRules(), **given)


def test_inputs_with_aliases_or_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "inputs.yaml"
    path.write_text("- &a {source: wiki}\n- {<<: [*a, *a]}\n")
    with pytest.raises(ConfigError, match="aliases"):
        read_inputs(path)
    path.write_text("[" * 5000)
    with pytest.raises(ConfigError, match="recursion"):
        read_inputs(path)
