"""Where trials run: here, or in processes of this machine.

Each process is on its own: one that dies takes nothing with it but what it was
doing, and another one takes its place.
"""

import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Final, ParamSpec, TypeVar

from agegender.cores import usable_cores
from agegender.errors import ConfigError
from agegender.search.workers.gpus import gpu_settings
from agegender.search.workers.main import STOP, WINDING_UP_SECONDS, work

P = ParamSpec("P")
T = TypeVar("T")

THREAD_SETTINGS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "PJRT_NPROC",  # of JAX, which heeds none of the others
)

KILLED: Final = -9
"""Exit code of what was killed without a chance to say a word."""


class WorkerDiedError(Exception):
    """A process ended in the midst of its work.

    Args:
        pid: Its number.
        how: It died, to follow "it".
    """

    def __init__(self, pid: int, how: str) -> None:
        super().__init__(how)
        self.pid, self.how = pid, how


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


class WorkerProcesses(Executor):
    """Runs what is submitted in processes, one a slot, each replaced if it dies.

    They are started anew, not forked: a fork of a process that has used TensorFlow
    hangs.

    Args:
        environments: Settings of each slot's process.
    """

    def __init__(self, environments: Sequence[Mapping[str, str]]) -> None:
        # What a process inherits is set in ours meanwhile: one at a time.
        starting = threading.Lock()
        self._slots = [_Slot(settings, starting) for settings in environments]
        self._free: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        for slot in self._slots:
            self._free.put(slot)
        self._threads = ThreadPoolExecutor(len(self._slots), "slot")

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run in a process that is free.

        Raises:
            ConfigError: If it cannot be sent there.
        """
        try:
            sent = pickle.dumps((fn, args, kwargs))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"train_trial and tracker cannot be sent to workers: {error}. "
                "Define them at the top level of a module."
            ) from error
        return self._threads.submit(self._in_a_slot, sent)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Interrupt what runs, give it time to wind up, and end all processes."""
        for slot in self._slots:
            slot.stop()
        until = time.monotonic() + WINDING_UP_SECONDS
        for slot in self._slots:
            slot.kill_after(until - time.monotonic())
        self._threads.shutdown(wait, cancel_futures=cancel_futures)

    def _in_a_slot(self, sent: bytes) -> Any:
        slot = self._free.get()
        try:
            return slot.run(sent)
        finally:
            self._free.put(slot)


@contextmanager
def worker_processes(workers: int, threads: int | None) -> Iterator[Executor]:
    """Start processes that share the cores and the GPUs between them.

    What runs when the block is left is interrupted.

    Args:
        workers: Processes.
        threads: CPU threads of each; an even share of the cores by default.

    Yields:
        Where to submit work.
    """
    share = threads or max(1, usable_cores() // workers)
    cores = dict.fromkeys(THREAD_SETTINGS, str(share))
    executor = WorkerProcesses([cores | gpu for gpu in gpu_settings(workers)])
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


class _Slot:
    """A place for one process at a time."""

    def __init__(self, settings: Mapping[str, str], starting: threading.Lock) -> None:
        self._settings, self._starting = settings, starting
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._stopped = False

    def run(self, sent: bytes) -> Any:
        """Have work done; return or raise what comes of it.

        Raises:
            WorkerDiedError: If the process dies of it.
        """
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._pipe is not None
        came: tuple[Any, Exception | None] | None = None
        with suppress(OSError, EOFError):
            self._pipe.send_bytes(sent)
            if self._pipe in wait([self._pipe, self._process.sentinel]):
                came = self._pipe.recv()
        if came is None:
            raise self._died()
        answer, error = came
        # Not above: what the work itself raises may be an OSError, too.
        if error is not None:
            raise error
        return answer

    def stop(self) -> None:
        """Ask the process to interrupt what it does, and to end."""
        self._stopped = True
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.send_bytes(STOP)

    def kill_after(self, seconds: float) -> None:
        """Kill the process unless it ends by itself before long."""
        process = self._process
        if process is not None and not wait([process.sentinel], max(0.0, seconds)):
            process.kill()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs,))
        # Libraries read settings once, when they are loaded: before our code runs.
        with self._starting, _environment(self._settings):
            self._process.start()
        theirs.close()
        if self._stopped:
            self.stop()

    def _died(self) -> WorkerDiedError:
        assert self._process is not None
        self._process.join()
        died = WorkerDiedError(self._process.pid or 0, _how(self._process.exitcode))
        self._process = self._pipe = None
        return died


def _how(exit_code: int | None) -> str:
    if exit_code == KILLED:
        return "was killed, perhaps for want of memory (fewer workers need less)"
    if exit_code is not None and -exit_code in set(signal.Signals):
        return f"died of {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
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
