import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agegender.detect.boxes import ROWS, Overlap, overlaps, refine, square, suppress


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_better_of_two_overlapping_boxes_stays() -> None:
    heap = boxes((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60))
    kept = suppress(heap, np.array([0.7, 0.9, 0.8], np.float32), 0.5)
    assert kept.tolist() == [1, 2]


def test_overlap_at_the_limit_keeps_both_boxes() -> None:
    # They share a third of their union.
    heap = boxes((0, 0, 10, 10), (5, 0, 15, 10))
    scores = np.array([0.9, 0.8], np.float32)
    assert len(suppress(heap, scores, 0.34)) == 2
    assert len(suppress(heap, scores, 0.33)) == 1


def test_box_inside_a_box_goes_only_when_measured_by_the_smaller() -> None:
    heap = boxes((0, 0, 100, 100), (10, 10, 30, 30))
    scores = np.array([0.9, 0.8], np.float32)
    assert len(suppress(heap, scores, 0.7)) == 2
    assert len(suppress(heap, scores, 0.7, over="smaller")) == 1


def test_boxes_of_different_groups_leave_each_other_alone() -> None:
    heap = boxes((0, 0, 10, 10), (1, 0, 11, 10), (0, 1, 10, 11))
    scores = np.array([0.7, 0.9, 0.8], np.float32)
    assert suppress(heap, scores, 0.5).tolist() == [1]
    groups = np.array([4, 7, 4])
    assert suppress(heap, scores, 0.5, groups=groups).tolist() == [1, 2]


def test_no_boxes_leave_no_boxes() -> None:
    none = np.empty((0, 4), np.float32)
    assert suppress(none, np.empty(0, np.float32), 0.5).shape == (0,)
    assert square(none).shape == refine(none, none).shape == (0, 4)


def test_offsets_are_shares_of_the_own_width_and_height() -> None:
    moved = refine(boxes((10, 20, 30, 60)), boxes((0.1, -0.1, 0.5, 0.25)))
    assert moved.tolist() == [[12, 16, 40, 70]]


def test_square_keeps_the_centre_and_the_longer_side() -> None:
    assert square(boxes((0, 10, 20, 50))).tolist() == [[-10, 10, 30, 50]]


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_kept_boxes_never_overlap_beyond_the_limit(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 50, (count, 2))
    heap = np.hstack([corner, corner + rng.uniform(1, 50, (count, 2))])
    heap = heap.astype(np.float32)
    kept = suppress(heap, rng.uniform(size=count).astype(np.float32), 0.4)
    left, top, right, bottom = heap[kept].T[:, :, None]
    width = np.minimum(right, right.T) - np.maximum(left, left.T)
    height = np.minimum(bottom, bottom.T) - np.maximum(top, top.T)
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    area = np.diag(shared)
    overlap = shared / (area[:, None] + area - shared)
    np.fill_diagonal(overlap, 0)
    assert overlap.max() <= 0.4 + 1e-5


def test_overlap_is_the_shared_area_over_that_of_both_or_of_the_smaller() -> None:
    some = boxes((0, 0, 10, 10))
    others = boxes((0, 0, 10, 10), (5, 0, 15, 10), (2, 2, 4, 4), (20, 0, 30, 10))
    assert overlaps(some, others)[0] == pytest.approx([1, 1 / 3, 0.04, 0])
    assert overlaps(some, others, "smaller")[0] == pytest.approx([1, 0.5, 1, 0])


def test_boxes_without_area_overlap_nothing() -> None:
    points = boxes((3, 3, 3, 3), (9, 9, 2, 2))
    assert not overlaps(points, points).any()
    assert len(suppress(points, np.array([0.1, 0.2], np.float32), 0.5)) == 2


@pytest.mark.parametrize("over", ["union", "smaller"])
@pytest.mark.parametrize("number", [1, ROWS, ROWS + 1, 5 * ROWS])
def test_many_boxes_are_picked_as_one_by_one(number: int, over: Overlap) -> None:
    rng = np.random.default_rng(number)
    corner = rng.uniform(0, 60, (number, 2))
    heap = np.hstack([corner, corner + rng.uniform(5, 30, (number, 2))]).astype("f4")
    scores = rng.random(number, np.float32)
    best: list[int] = []
    for row in np.argsort(-scores):
        if not (overlaps(heap[[row]], heap[best], over) > 0.4).any():
            best.append(int(row))
    assert suppress(heap, scores, 0.4, over).tolist() == best
