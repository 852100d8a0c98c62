"""Threads work ahead; what comes out is in the order of what went in."""

import threading
from collections.abc import Iterator

import pytest

from agegender.predict.ahead import AHEAD, in_order


def test_first_result_waits_for_its_turn_though_others_are_done_before() -> None:
    second_is_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_is_done.wait(60)
        if number == 1:
            second_is_done.set()
        return number

    assert list(in_order(work, range(10), workers=2)) == list(range(10))


def test_as_many_threads_work_at_once_as_are_asked_for() -> None:
    together = threading.Barrier(3, timeout=60)
    assert list(in_order(lambda _: together.wait() >= 0, range(3), 3)) == [True] * 3


@pytest.mark.parametrize("workers", [1, 4])
def test_error_is_raised_in_its_turn_and_no_thread_is_left(workers: int) -> None:
    before = threading.active_count()

    def work(number: int) -> int:
        return 10 // (3 - number)

    results = in_order(work, range(10), workers)
    assert [next(results) for _ in range(3)] == [3, 5, 10]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threading.active_count() == before


def test_whoever_stops_early_leaves_no_thread_and_no_item_taken() -> None:
    before = threading.active_count()
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = in_order(str, items(), workers=3)
    assert next(results) == "0"
    results.close()  # type: ignore[attr-defined]
    assert len(taken) == AHEAD * 3 + 1
    assert threading.active_count() == before
