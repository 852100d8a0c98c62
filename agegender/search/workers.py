"""Where trials run: here, or in processes of this machine."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


class InProcess(Executor):
    """Runs what is submitted at once, in the caller's process."""

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run and return the finished future; interrupts are let through."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised again where it is read
            future.set_exception(error)
        return future


@contextmanager
def worker_processes(workers: int, threads: int | None) -> Iterator[Executor]:
    """Start processes that share the cores between them.

    They are started anew, not forked: a fork of a process that has used TensorFlow
    hangs. What they have not begun is dropped when the block is left by an error.

    Args:
        workers: Processes.
        threads: CPU threads of each; an even share of the cores by default.

    Yields:
        Where to submit work.
    """
    share = threads or max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    # Libraries read these once, when they are loaded: before any of our code runs.
    with _environment(dict.fromkeys(THREAD_SETTINGS, str(share))):
        executor = ProcessPoolExecutor(workers, mp_context=context)
        try:
            yield executor
        finally:
            executor.shutdown(cancel_futures=True)


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
