import io
import struct
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


def element(kind: int, content: bytes, order: str = "<") -> bytes:
    head = struct.pack(f"{order}II", kind, len(content))
    return head + content + bytes(-len(content) % 8)


def array(
    kind: int, sides: tuple[int, ...], content: bytes, order: str = "<", name: str = ""
) -> bytes:
    flags = element(6, struct.pack(f"{order}II", kind, 0), order)
    extent = element(5, struct.pack(f"{order}{len(sides)}i", *sides), order)
    named = element(1, name.encode(), order)
    return element(14, flags + extent + named + content, order)


def text_cell(text: str, encoding: str, order: str = "<") -> bytes:
    kind = {"utf-8": 16, "utf-16": 17, "utf-32": 18}[encoding[:6].rstrip("-")]
    return array(4, (1, len(text)), element(kind, text.encode(encoding), order), order)


def column_of(encoded: list[bytes], order: str = "<") -> np.ndarray:
    column = array(1, (1, len(encoded)), b"".join(encoded), order)
    width = element(5, struct.pack(f"{order}i", 8), order)
    fields = width + element(1, b"names\0\0\0", order) + column
    header = bytes(124) + (b"\0\1IM" if order == "<" else b"\1\0MI")
    encoded_file = header + array(2, (1, 1), fields, order, "wiki")
    return read_struct(encoded_file, "wiki", FIELDS).columns["names"]


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


@settings(max_examples=50)
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


def test_genuine_boxes_are_read_as_scipy_reads_them(shared_data: Path) -> None:
    path = shared_data / "imdb-wiki" / "wiki.mat"
    if not path.is_file():
        pytest.skip(f"needs the genuine metadata, absent at {path}")
    boxes = read_struct(path.read_bytes(), "wiki", {"face_location"}).columns
    expected = loadmat(path, squeeze_me=True)["wiki"][()]["face_location"]
    assert np.array_equal(boxes["face_location"], np.stack(expected))


def cells(*values: Any) -> np.ndarray:
    row = np.empty((1, len(values)), dtype=object)
    for place, value in enumerate(values):
        row[0, place] = value
    return row


def test_vectors_are_rows_and_empty_cells_are_unknown() -> None:
    boxes = cells(
        np.array([[1.5, 2.0, 3.0, 4.0]]),
        np.array([[1, 2, 3, 4]], dtype=np.uint8),
        np.empty((0, 0)),
        np.array([[-1], [300], [3], [4]], dtype=np.int16),
    )
    encoded = saved({"years": boxes, "names": cells("a", "", "c")})
    columns = read_struct(encoded, "wiki", FIELDS).columns
    expected = [[1.5, 2, 3, 4], [1, 2, 3, 4], [np.nan] * 4, [-1, 300, 3, 4]]
    assert columns["years"].dtype == np.float64
    assert np.array_equal(columns["years"], expected, equal_nan=True)
    assert columns["names"].tolist() == ["a", "", "c"]


def test_cells_with_unusual_heads_are_read_all_the_same() -> None:
    usual = saved({"years": cells(*np.arange(8.0).reshape(4, 1, 2))})
    # Three sides instead of two make the head longer.
    deep = saved({"years": cells(*np.arange(8.0).reshape(4, 1, 1, 2))})
    found = [
        read_struct(encoded, "wiki", FIELDS).columns["years"].tolist()
        for encoded in (usual, deep)
    ]
    assert found == [[[0, 1], [2, 3], [4, 5], [6, 7]]] * 2


def test_letters_of_every_encoding_are_read() -> None:
    texts = ["plain", "Sami Järvi", "Łódź", "日本", "🙂 beyond"]
    for unit in ("utf-8", "utf-16-le", "utf-32-le"):
        assert column_of([text_cell(text, unit) for text in texts]).tolist() == texts


def test_other_byte_order_gives_the_same_columns() -> None:
    texts = [text_cell(text, "utf-16-be", ">") for text in ("Järvi", "日本")]
    assert column_of(texts, ">").tolist() == ["Järvi", "日本"]
    boxes = [element(9, struct.pack(">2d", n, 0.5), ">") for n in range(3)]
    vectors = [array(6, (1, 2), box, ">") for box in boxes]
    assert column_of(vectors, ">").tolist() == [[0, 0.5], [1, 0.5], [2, 0.5]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (cells(np.ones(4), np.ones(3)), "of one length"),
        (cells(np.ones(65)), "of one length up to 64"),
        (cells("text", np.ones(4)), "neither texts nor numbers"),
        (cells({"deep": 1}), "neither texts nor numbers"),
        (cells(np.array([1j])), "complex"),
    ],
)
def test_cells_that_make_no_column_are_refused(value: Any, message: str) -> None:
    with pytest.raises(MatlabError, match=message):
        read_struct(saved({"years": value}), "wiki", FIELDS)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"years": np.array([[1 + 2j]])}, "complex"),
        ({"years": cells(np.eye(2))}, "vectors, not matrices"),
        ({"years": {"deep": 1}}, "neither numbers nor cells"),
        (np.zeros((1, 2), dtype=[("years", object)]), "must be 1 struct, not 2"),
        (np.eye(2), "no struct named wiki, only"),
    ],
)
def test_what_is_not_columns_is_refused(value: Any, message: str) -> None:
    with pytest.raises(MatlabError, match=message):
        read_struct(saved(value), "wiki", FIELDS)


def mixed() -> bytes:
    names = cells(*(f"0{n % 7}/{n}_1980-01-01_2010.jpg" for n in range(50)), "")
    boxes = cells(*(np.arange(4.0) + n for n in range(25)), *np.eye(4, dtype=np.uint8))
    return saved({"names": names, "years": boxes})


def test_cells_cut_anywhere_are_refused() -> None:
    encoded = mixed()
    for length in range(0, len(encoded) - 8, 97):
        with pytest.raises(MatlabError):
            read_struct(encoded[:length], "wiki", FIELDS)


def test_sizes_that_lie_raise_nothing_but_the_own_error() -> None:
    encoded = mixed()
    lies = (b"\0\0\0\0", b"\x01\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x80")
    refused = 0
    for at in range(132, len(encoded) - 4, 4):
        for lie in lies:
            damaged = encoded[:at] + lie + encoded[at + 4 :]
            try:
                read_struct(damaged, "wiki", FIELDS)
            except MatlabError:
                refused += 1
    assert refused > 1000


def test_more_cells_sides_or_fields_than_any_data_set_has_are_refused() -> None:
    def struct_of(fields: bytes) -> bytes:
        return bytes(124) + b"\0\1IM" + array(2, (1, 1), fields, name="wiki")

    width, names = element(5, struct.pack("<i", 8)), element(1, b"names\0\0\0")
    for fields, told in (
        (width + names + array(1, (1, 2**23), element(14, b"")), "8388608 cells"),
        (width + names + array(1, (1,) * 33, element(14, b"")), "over 32 sides"),
        (width + element(1, bytes(2**17)), "list of fields"),
    ):
        with pytest.raises(MatlabError, match=told):
            read_struct(struct_of(fields), "wiki", FIELDS)


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


@settings(max_examples=300)
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
