"""The MATLAB file, against the genuine one where that is at hand."""

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import loadmat

from agegender.data.sample.metadata import matlab_file
from agegender.data.sample.rows import draw_rows

SHARED = Path(
    os.environ.get("AGEGENDER_SHARED", Path(__file__).parents[3].parent / "shared")
)
GENUINE = SHARED / "data" / "imdb-wiki" / "wiki.mat"

FIELDS = (
    "dob",
    "photo_taken",
    "full_path",
    "gender",
    "name",
    "face_location",
    "face_score",
    "second_face_score",
)


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.void]:
    return loadmat(io.BytesIO(matlab_file(draw_rows(1500, seed=0))))["wiki"]


def _kinds(cell: NDArray[np.object_]) -> set[tuple[str, tuple[int, ...]]]:
    """Return the types and shapes in a cell; texts differ in length alone."""
    return {(value.dtype.kind + str(value.ndim), value.shape) for value in cell[0]}


def test_fields_come_in_the_known_order_and_types(drawn: NDArray[np.void]) -> None:
    assert drawn.dtype.names == FIELDS
    assert drawn.shape == (1, 1)
    row = drawn[0, 0]
    assert row["dob"].dtype == np.int32
    assert row["photo_taken"].dtype == np.uint16
    assert {row[name].shape for name in FIELDS} == {(1, 1500)}


def test_fields_are_those_of_the_genuine_file(drawn: NDArray[np.void]) -> None:
    if not GENUINE.exists():
        pytest.skip("the genuine wiki.mat is not at hand")
    genuine = loadmat(GENUINE)["wiki"]
    assert drawn.dtype.names == genuine.dtype.names
    for name in FIELDS:
        ours, theirs = drawn[0, 0][name], genuine[0, 0][name]
        assert ours.dtype == theirs.dtype, name
        assert ours.ndim == theirs.ndim, name
        if ours.dtype == object:
            assert _kinds(ours) <= _kinds(theirs), name


def test_boxes_without_a_face_are_the_whole_picture(drawn: NDArray[np.void]) -> None:
    row = drawn[0, 0]
    bare = row["face_score"][0] == -np.inf
    boxes = np.concatenate(list(row["face_location"][0]))
    assert (boxes[bare, :2] == 1).all()
    assert {box.dtype.kind for box in row["face_location"][0][bare]} == {"u"}
    assert {box.dtype for box in row["face_location"][0][~bare]} == {np.dtype(float)}


def test_nameless_people_have_empty_names() -> None:
    rows = draw_rows(3, seed=0).assign(name=["Ada Ito", "", "Ivan Ueda"])
    names = loadmat(io.BytesIO(matlab_file(rows)))["wiki"][0, 0]["name"][0]
    assert [name.size for name in names] == [1, 0, 1]


def test_bytes_do_not_depend_on_the_time_of_day() -> None:
    rows = draw_rows(5, seed=0)
    first = matlab_file(rows)
    time.sleep(1.1)
    assert matlab_file(rows) == first
