"""Work done ahead in threads, handed out in the order it was given.

Threads, since nearly all of the work is done outside the interpreter's lock: by
ONNX Runtime, by the decoders, by Pillow. See docs/benchmarks.md for how much.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD: Final = 2
"""Items in work or done and waiting, for each thread."""


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Yield what becomes of each item, in order, a few items ahead.

    Args:
        work: Called in the threads; what it raises is raised here, in its turn.
        items: Taken in the caller's thread, as results are.
        workers: Threads; with 1 there are none, and nothing is done ahead.
    """
    if workers == 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="agegender")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
