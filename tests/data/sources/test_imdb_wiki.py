import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from agegender.config import FilterRules
from agegender.data.ages import DATENUM_OF_1970, with_ages
from agegender.data.archive import open_archive
from agegender.data.filters import filter_rows
from agegender.data.prepare import funnel_of, prepare
from agegender.data.sources.imdb_wiki import IMDB, WIKI
from agegender.errors import ConfigError, DataError


def saved(path: Path, **variables: Any) -> Path:
    file = io.BytesIO()
    savemat(file, variables)
    path.write_bytes(file.getvalue())
    return path


@pytest.fixture
def genuine(shared_data: Path) -> Path:
    path = shared_data / "imdb-wiki" / "wiki.mat"
    if not path.is_file():
        pytest.skip(f"needs the genuine metadata, absent at {path}")
    return path


def test_rows_are_read_in_the_order_of_the_metadata(maker: Any) -> None:
    rows = WIKI.rows(open_archive(maker.tar(maker.wiki(3))))
    assert rows["id"].tolist() == [
        f"0{n}/{1000 + n}_1980-01-01_2010.jpg" for n in range(3)
    ]
    assert rows["member"].tolist() == ["wiki_crop/" + name for name in rows["id"]]
    assert rows["photo_taken"].tolist() == [2010.0] * 3
    assert with_ages(rows, "authors")["age"].tolist() == [30.0] * 3
    assert rows["gender"].tolist() == [0.0] * 3


def test_page_is_the_identity_in_wiki_and_person_in_imdb(maker: Any) -> None:
    wiki = WIKI.rows(open_archive(maker.tar(maker.wiki(2), "wiki.tar")))
    assert wiki["identity"].tolist() == ["wiki:1000", "wiki:1001"]
    imdb = IMDB.rows(open_archive(maker.tar(maker.imdb(2, 2), "imdb.tar")))
    assert imdb["identity"].tolist() == ["imdb:nm0000000"] * 2 + ["imdb:nm0000001"] * 2


def test_celebrity_is_the_identity_where_the_name_tells_none(
    maker: Any, tmp_path: Path
) -> None:
    metadata = maker.metadata("imdb", ["a.jpg", "b.jpg"], celeb_id=[7, np.nan])
    (tmp_path / "imdb.mat").write_bytes(metadata)
    rows = IMDB.metadata_rows(tmp_path / "imdb.mat")
    assert rows["identity"].tolist() == ["imdb:celebrity 7", ""]


def test_genuine_metadata_keeps_the_published_count(genuine: Path) -> None:
    funnel = funnel_of("wiki", FilterRules(min_age=0, max_age=100), metadata=genuine)
    assert funnel.to_dict() == {
        "read": 62_328,
        "dropped": {
            "no_face": 18_016,
            "weak_face": 1_319,
            "second_face": 4_070,
            "impossible_age": 49,
            "unknown_gender": 736,
        },
        "kept": 38_138,
    }


def test_genuine_metadata_with_default_bounds(genuine: Path) -> None:
    assert funnel_of("wiki", FilterRules(), metadata=genuine).kept == 38_125


def test_genuine_faces_are_as_old_as_published(genuine: Path) -> None:
    rules = FilterRules(min_age=0, max_age=100)
    rows = with_ages(WIKI.metadata_rows(genuine), "authors")
    rows = filter_rows(rows, rules).rows
    assert rows["age"].mean() == pytest.approx(38.1, abs=0.05)
    assert rows["age"].std() == pytest.approx(16.6, abs=0.05)
    assert rows["gender"].mean() == pytest.approx(0.75, abs=0.005)
    assert rows["identity"].nunique() == 38_138


def test_genuine_columns_are_those_that_another_reader_finds(genuine: Path) -> None:
    ours = WIKI.metadata_rows(genuine)
    theirs = loadmat(genuine, squeeze_me=True, struct_as_record=False)["wiki"]
    assert ours["id"].tolist() == theirs.full_path.tolist()
    for name in ("dob", "photo_taken", "gender", "face_score", "second_face_score"):
        np.testing.assert_array_equal(ours[name], getattr(theirs, name).astype(float))


def test_genuine_dates_are_those_of_the_file_names(genuine: Path) -> None:
    rows = WIKI.metadata_rows(genuine)
    dates = rows["id"].str.extract(r"_(\d+-\d+-\d+)_(\d+)\.jpg$")
    told = dates[1].notna()
    assert told.sum() == 62_326
    assert (dates[1].astype(float) == rows["photo_taken"])[told].all()
    born = pd.to_datetime(dates[0], errors="coerce")
    days = (born - pd.Timestamp("1970-01-01")).dt.days + DATENUM_OF_1970
    assert (days == rows["dob"])[born.notna()].all()
    assert born.notna().sum() == 62_307


def test_formulas_differ_on_31_genuine_rows(genuine: Path) -> None:
    rows = WIKI.metadata_rows(genuine)
    bounds = {"min_age": 0, "max_age": 100}
    kept = filter_rows(with_ages(rows, "authors"), FilterRules(**bounds)).rows
    calendar = with_ages(rows, "calendar").loc[kept.index]
    known = calendar["age"].notna()
    assert (known.sum(), len(kept)) == (38_138, 38_138)
    differ = calendar["age"] != kept["age"]
    assert differ.sum() == 31
    assert (calendar["age"] - kept["age"])[differ].abs().max() == 1


def test_formula_is_a_rule(maker: Any, tmp_path: Path) -> None:
    # On the last of June 1972: the authors' days fall one short of 38 years.
    files = maker.wiki(20, dob=np.full(20, DATENUM_OF_1970 + 911))
    archive = maker.tar(files)
    for formula, age in (("authors", 37.0), ("calendar", 38.0)):
        rules = FilterRules(age_formula=formula, min_age=int(age), max_age=int(age))
        assert funnel_of("wiki", rules, archive=archive).kept == 20
        store = prepare("wiki", tmp_path / formula, archive=archive, rules=rules)
        assert set(store.labels["age"]) == {age}
        assert set(store.labels["photo_taken"]) == {2010.0}


def test_metadata_of_the_other_half_is_named(maker: Any) -> None:
    archive = open_archive(maker.tar(maker.imdb(2, 2)))
    with pytest.raises(DataError, match=r"holds no wiki\.mat. It holds imdb\.mat"):
        WIKI.rows(archive)


def test_archive_without_metadata_is_refused(maker: Any) -> None:
    archive = open_archive(maker.tar({"a.jpg": b"1"}))
    with pytest.raises(DataError, match=r"holds no wiki\.mat. It holds no \.mat file"):
        WIKI.rows(archive)


@pytest.mark.parametrize("content", [b"", b"rubbish", bytes(400), b"MATLAB 5.0" * 90])
def test_what_is_not_matlab_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wiki.mat"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not wiki metadata in MATLAB v5") as caught:
        WIKI.metadata_rows(path)
    assert "\n" not in str(caught.value)


def test_absent_metadata_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        WIKI.metadata_rows(tmp_path / "wiki.mat")


def test_missing_variable_and_missing_fields_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "wiki.mat", other=np.arange(3))
    with pytest.raises(DataError, match=r"no struct named wiki, only \['other'\]"):
        WIKI.metadata_rows(path)
    path = saved(tmp_path / "wiki.mat", wiki=np.arange(3))
    with pytest.raises(DataError, match="no struct named wiki"):
        WIKI.metadata_rows(path)
    path = saved(tmp_path / "wiki.mat", wiki={"dob": [1], "gender": [1]})
    with pytest.raises(DataError, match=r"lacks \['photo_taken', 'full_path'"):
        WIKI.metadata_rows(path)


@pytest.mark.parametrize(
    "columns",
    [
        {"gender": [1.0]},
        {"gender": np.array(["f", "m"], dtype=object)},
        {"full_path": [1.0, 2.0]},
        {"dob": np.array([[723_000.0], []], dtype=object)},
    ],
)
def test_columns_that_do_not_fit_are_refused(
    columns: dict[str, Any], maker: Any, tmp_path: Path
) -> None:
    path = tmp_path / "wiki.mat"
    path.write_bytes(maker.metadata("wiki", ["a.jpg", "b.jpg"], **columns))
    with pytest.raises(DataError, match="must be"):
        WIKI.metadata_rows(path)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(position=st.integers(0, 2000), value=st.integers(0, 255), cut=st.booleans())
def test_damaged_metadata_raises_nothing_but_a_data_error(
    maker: Any, tmp_path: Path, position: int, value: int, *, cut: bool
) -> None:
    content = bytearray(maker.metadata("wiki", ["a.jpg", "b.jpg"]))
    position %= len(content)
    content[position] = value
    path = tmp_path / "wiki.mat"
    path.write_bytes(bytes(content[:position] if cut else content))
    try:
        rows = WIKI.metadata_rows(path)
    except DataError:
        return
    assert len(rows) == 2


def test_dry_run_reads_one_input_alone(maker: Any) -> None:
    files = maker.wiki(4, face_score=[3.0, -np.inf, 0.5, 2.0])
    rules = FilterRules()
    archive, folder = maker.tar(files), maker.unpacked(files)
    metadata = folder / "wiki_crop" / "wiki.mat"
    expected = funnel_of("wiki", rules, metadata=metadata).to_dict()
    assert expected["kept"] == 2
    assert funnel_of("wiki", rules, archive=archive).to_dict() == expected
    assert funnel_of("wiki", rules, folder=folder).to_dict() == expected
    with pytest.raises(ConfigError, match="several"):
        funnel_of("wiki", rules, archive=archive, metadata=metadata)
    with pytest.raises(ConfigError, match="neither"):
        funnel_of("wiki", rules)


def test_unknown_source_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="table or one of imdb, wiki"):
        funnel_of("faces", FilterRules())
