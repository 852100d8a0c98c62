"""Work handed out in portions, to whoever does it.

All goes through the interface of `concurrent.futures`, so that any executor will
do: threads here (the decoders let go of the interpreter while they work), processes
or a cluster elsewhere.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from agegender.errors import ConfigError, DataError

_Result = TypeVar("_Result")

_ADDRESS: Final = re.compile(r"(?:(?:tcp|tls|wss?)://)?[^/\s]+:\d+")
"""Of a Dask scheduler; over others its client fails late and noisily."""


class Pool(NamedTuple):
    """Who does the work."""

    executor: Executor | None  # None: here and now
    workers: int  # portions done at a time


def do_all(
    work: Callable[..., _Result], portions: Iterable[tuple[object, ...]], pool: Pool
) -> Generator[_Result]:
    """Do work on portions as they come, never holding more than a few.

    Args:
        work: What is done; any process must be able to import it.
        portions: Its arguments, portion by portion.
        pool: Who does it.

    Yields:
        The results, in the order in which they are ready.

    Raises:
        DataError: If workers die and none is left to take their work.
    """
    if pool.executor is None:
        yield from (work(*portion) for portion in portions)
        return
    waiting = iter(portions)
    pending: set[Future[_Result]] = set()
    try:
        while True:
            for portion in islice(waiting, 2 * pool.workers - len(pending)):
                pending.add(pool.executor.submit(work, *portion))
            if not pending:
                return
            ready, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ready:
                yield future.result()
    except (BrokenExecutor, CancelledError) as error:
        raise DataError(
            f"the workers are gone ({error or type(error).__name__}); out of memory? "
            "Run it again with fewer: what is done stays done."
        ) from error
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def threads(workers: int) -> Iterator[Pool]:
    """Give a pool of this process; one worker needs no thread."""
    if workers == 1:
        yield Pool(None, 1)
        return
    with ThreadPoolExecutor(workers, "decode") as executor:
        yield Pool(executor, workers)


@contextmanager
def cluster(address: str) -> Iterator[Pool]:
    """Give the workers of a Dask cluster.

    Args:
        address: Of its scheduler, such as `tcp://10.0.0.1:8786`.

    Raises:
        ConfigError: If `distributed` is not installed, the address is none, or
            nobody answers there.
        DataError: If the cluster gives the work up.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra of the package
        from distributed.scheduler import KilledWorker  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            'a scheduler needs the package distributed: pip install "agegender[dask]".'
        ) from error
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(
            f"a scheduler's address is like tcp://10.0.0.1:8786. Received: {address!r}."
        )
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no Dask scheduler answers at {address}. Start one with `dask scheduler`."
        ) from error
    with client:
        # Pure work would be done once where two chunks are equal.
        executor = client.get_executor(pure=False)
        workers = sum(client.nthreads().values())
        try:
            yield Pool(executor, max(workers, 2))
        except KilledWorker as error:
            raise DataError(
                "the cluster's workers died again and again over one chunk; out of "
                "memory? Give them more: what is done stays done."
            ) from error
        finally:
            executor.shutdown(wait=False)
