"""Parquet tables of some kilobytes that would fill the memory."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agegender.data.sources.parquet_size import require_room
from agegender.data.sources.table import read_table
from agegender.errors import DataError

LONG = "a" * 2_000_000

MOST_MEMORY = 400_000_000
"""Bytes on top of what was held before: far below what the tables stand for."""

READ = """
import resource, sys
from agegender.data.sources.table import read_table
from agegender.errors import DataError

unit = 1 if sys.platform == "darwin" else 1024
held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_table(sys.argv[1])
except DataError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) * unit)
"""


def repeated(text: Any, count: int) -> pa.DictionaryArray:
    """Return the same value many times, held once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), [text])


def in_lists(values: pa.Array, length: int) -> pa.ListArray:
    starts = pa.array(range(0, len(values) + 1, length), pa.int32())
    return pa.ListArray.from_arrays(starts, values)


def written(path: Path, column: pa.Array, **how: Any) -> Path:
    names = pa.array([f"{n}.jpg" for n in range(len(column))])
    ages = pa.array([30] * len(column))
    table = pa.table({"path": names, "age": ages, "town": column})
    pq.write_table(table, path, compression="zstd", **how)
    assert path.stat().st_size < 20_000
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
@pytest.mark.parametrize(
    "column",
    [
        repeated(LONG, 1100),
        repeated(LONG.encode(), 1100),
        in_lists(repeated(LONG, 1100), 1100),
        pa.StructArray.from_arrays([repeated(LONG, 1100)], ["name"]),
    ],
    ids=["text", "bytes", "list", "struct"],
)
def test_text_that_is_repeated_is_counted_before_it_is_written_out(
    column: pa.Array, tmp_path: Path
) -> None:
    path = written(tmp_path / "labels.parquet", column)
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told, memory = done.stdout.splitlines()
    assert told == f"{path} is no CSV or Parquet table: it unpacks to over 1 GiB."
    assert int(memory) < MOST_MEMORY


def test_texts_stored_as_changes_to_each_other_are_counted(tmp_path: Path) -> None:
    changes = {"path": "PLAIN", "age": "PLAIN", "town": "DELTA_BYTE_ARRAY"}
    how: dict[str, Any] = {"use_dictionary": False, "column_encoding": changes}
    path = written(tmp_path / "labels.parquet", pa.array([LONG[:10000]] * 1100), **how)
    with pq.ParquetFile(path) as file, pytest.raises(ValueError, match="unpacks"):
        require_room(file, path.read_bytes(), 10**7)
    assert set(read_table(path).labels["town"]) == {LONG[:10000]}


def test_lists_stored_as_changes_to_each_other_are_refused(tmp_path: Path) -> None:
    changes = dict.fromkeys(["path", "town.list.element"], "DELTA_BYTE_ARRAY")
    how: dict[str, Any] = {
        "use_dictionary": False,
        "column_encoding": changes | {"age": "PLAIN"},
    }
    path = written(tmp_path / "labels.parquet", pa.array([["Basel", "Bern"]]), **how)
    with pytest.raises(DataError, match=r"its lists \['town.list.element'\] are"):
        read_table(path)


def test_bytes_of_one_length_are_counted_by_the_footer(tmp_path: Path) -> None:
    column = pa.array([bytes(2**16)] * 64, pa.binary(2**16))
    path = written(tmp_path / "labels.parquet", column, use_dictionary=["town"])
    with pq.ParquetFile(path) as file, pytest.raises(ValueError, match="unpacks"):
        require_room(file, path.read_bytes(), 2**22 - 1)


@pytest.mark.parametrize(
    "column",
    [
        repeated("Basel", 3),
        pa.array(["Basel", None, "Bern"]),
        pa.array([["Basel"], None, ["Bern", None]]),
        pa.array([{"name": "Basel"}, None, {"name": None}]),
        pa.array([[("name", "Basel")], [], None], pa.map_(pa.string(), pa.string())),
        pa.array([1.5, None, 2.5]),
        pa.array([None, None, None]),
    ],
    ids=["category", "texts", "lists", "structs", "maps", "numbers", "nothing"],
)
def test_small_tables_of_all_kinds_are_read(column: pa.Array, tmp_path: Path) -> None:
    labels = read_table(written(tmp_path / "labels.parquet", column)).labels
    assert list(labels["path"]) == ["0.jpg", "1.jpg", "2.jpg"]
    assert len(labels["town"]) == 3


SPOIL = """
import io
import pyarrow as pa
import pyarrow.parquet as pq
from agegender.data.sources.labels_file import parse_table
from agegender.errors import DataError

file = io.BytesIO()
table = pa.table({"path": ["1.jpg", "2.jpg"], "age": [30, None]})
pq.write_table(table, file, store_schema=False)
whole = file.getvalue()
for at in range(whole.rindex(b"PAR1") - 4):
    spoilt = whole[:at] + bytes([(whole[at] + 16) % 256]) + whole[at + 1:]
    try:
        parse_table(spoilt, "labels", ("path", "age"))
    except DataError as error:
        assert "\\n" not in str(error)
"""


def test_no_spoilt_byte_ends_the_process() -> None:
    command = [sys.executable, "-c", SPOIL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
