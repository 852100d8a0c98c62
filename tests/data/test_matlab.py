import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from agegender.data.matlab import MatlabError, read_struct

TEXTS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])))
FIELDS = {"years", "names"}


def saved(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    savemat(file, {"before": np.eye(3), "wiki": value}, **options)
    return file.getvalue()


def small() -> bytes:
    names = np.array(["a.jpg", "b.jpg", "c.jpg"], dtype=object).reshape(1, -1)
    years = np.array([[1990, 2000, 2010]], dtype=np.uint16)
    return saved({"years": years, "names": names, "skipped": np.eye(2)})


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"])
@pytest.mark.parametrize("packed", [True, False])
def test_numbers_are_read_as_they_were_written(dtype: str, *, packed: bool) -> None:
    numbers = np.array([[1, 0, 117, 3]], dtype=dtype)
    encoded = saved({"years": numbers}, do_compression=packed)
    column = read_struct(encoded, "wiki", FIELDS).columns["years"]
    assert column.tolist() == [1, 0, 117, 3]


def test_numbers_that_are_not_finite_survive() -> None:
    encoded = saved({"years": np.array([[np.nan, -np.inf, 1.5]])})
    column = read_struct(encoded, "wiki", FIELDS).columns["years"]
    assert np.array_equal(column, [np.nan, -np.inf, 1.5], equal_nan=True)


def test_only_wanted_fields_are_read_and_all_are_named() -> None:
    found = read_struct(small(), "wiki", {"years", "absent"})
    assert found.fields == ("years", "names", "skipped")
    assert list(found.columns) == ["years"]


@settings(deadline=None, max_examples=50)
@given(TEXTS)
def test_texts_are_read_as_they_were_written(texts: list[str]) -> None:
    # MATLAB's own texts hold no NUL, at which SciPy stops.
    texts = [text.replace("\0", "") for text in texts]
    cells = np.empty((1, len(texts)), dtype=object)
    cells[0, :] = texts
    encoded = saved({"names": cells}, do_compression=True)
    names = read_struct(encoded, "wiki", FIELDS).columns["names"]
    assert names.tolist() == texts


def test_genuine_file_is_read_as_scipy_reads_it(shared_data: Path) -> None:
    path = shared_data / "imdb-wiki" / "wiki.mat"
    if not path.is_file():
        pytest.skip(f"needs the genuine metadata, absent at {path}")
    wanted = {"dob", "photo_taken", "full_path", "gender", "face_score"}
    columns = read_struct(path.read_bytes(), "wiki", wanted).columns
    expected = loadmat(path, squeeze_me=True)["wiki"][()]
    for field in wanted:
        theirs = expected[field]
        same = {} if field == "full_path" else {"equal_nan": True}
        assert np.array_equal(columns[field], theirs, **same)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"years": np.array([[1 + 2j]])}, "complex"),
        ({"years": np.array([[np.eye(2)]], dtype=object)}, "no text|neither"),
        ({"years": {"deep": 1}}, "neither numbers nor texts"),
        (np.zeros((1, 2), dtype=[("years", object)]), "must be 1 struct, not 2"),
        (np.eye(2), "no struct named wiki, only"),
    ],
)
def test_what_is_not_columns_is_refused(value: Any, message: str) -> None:
    with pytest.raises(MatlabError, match=message):
        read_struct(saved(value), "wiki", FIELDS)


def test_other_versions_and_other_files_are_refused() -> None:
    with pytest.raises(MatlabError, match="-v7"):
        read_struct(b"MATLAB 7.3 MAT-file" + bytes(600), "wiki", FIELDS)
    with pytest.raises(MatlabError, match="header"):
        read_struct(b"PK" * 300, "wiki", FIELDS)


def test_file_cut_anywhere_is_refused() -> None:
    for encoded in (small(), saved({"years": np.eye(9)}, do_compression=True)):
        for length in range(len(encoded) - 8):
            with pytest.raises(MatlabError):
                read_struct(encoded[:length], "wiki", FIELDS)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1))
def test_damage_raises_nothing_but_its_own_error(
    changes: list[tuple[int, int]],
) -> None:
    encoded = bytearray(small())
    for position, value in changes:
        encoded[position % len(encoded)] = value
    try:
        found = read_struct(bytes(encoded), "wiki", FIELDS)
    except MatlabError:
        return
    assert set(found.columns) <= FIELDS
