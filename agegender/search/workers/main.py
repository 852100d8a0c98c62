"""What a worker process does: work, until it is stopped or left alone.

It outlives nobody: whether it is told to stop or its parent has gone, what it does
is interrupted, so that a trial can be closed, and the process ends. So it is by
SIGTERM, which batch systems send to the parent and to all of its processes at once.
"""

import os
import pickle
import queue
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final

STOP: Final = b""
"""Sent instead of work."""

WINDING_UP_SECONDS: Final = 20.0
"""Given to what is interrupted, before the process is ended."""

INTERRUPTED: Final = 130

ASKING: Final = (signal.SIGINT, signal.SIGTERM)
"""Signals by which one is asked to end."""


def work(pipe: Connection) -> None:
    """Do what comes through a pipe and send back (result, error), until stopped.

    Args:
        pipe: To the parent.
    """
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    busy, stopping, terminated = (threading.Event() for _ in range(3))
    _let_only_the_parent_interrupt(stopping, terminated)
    threading.Thread(
        target=_listen, args=(pipe, jobs, busy, stopping), daemon=True
    ).start()
    known: dict[bytes, Any] = {}
    # Stopped, or nobody there to hear.
    with suppress(KeyboardInterrupt, OSError):
        while sent := jobs.get():
            busy.set()
            pipe.send(_done(sent, known))
            busy.clear()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if terminated.is_set():  # The parent is to see of what we died.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)


def _let_only_the_parent_interrupt(
    stopping: threading.Event, terminated: threading.Event
) -> None:
    def interrupt(number: int, frame: Any) -> None:
        del frame
        if number == signal.SIGTERM:
            terminated.set()
        # Ctrl-C in a terminal reaches us too, but it is the parent who decides.
        elif not stopping.is_set():
            return
        for further in ASKING:
            signal.signal(further, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in ASKING:
        signal.signal(number, interrupt)


def _listen(
    pipe: Connection,
    jobs: "queue.SimpleQueue[bytes]",
    busy: threading.Event,
    stopping: threading.Event,
) -> None:
    # It ends by an error where the parent has gone, by whatever death.
    with suppress(EOFError, OSError):
        while sent := pipe.recv_bytes():
            jobs.put(sent)
    stopping.set()
    jobs.put(STOP)
    if busy.is_set():
        _interrupt_main_thread()
    late = threading.Timer(WINDING_UP_SECONDS, os._exit, (INTERRUPTED,))
    late.daemon = True
    late.start()


def _interrupt_main_thread() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        # Unlike a mere flag it ends a sleep, too.
        signal.pthread_kill(main, signal.SIGINT)
    else:
        import _thread  # noqa: PLC0415 - for systems without the above

        _thread.interrupt_main()


def _done(sent: bytes, known: dict[bytes, Any]) -> tuple[Any, Exception | None]:
    try:
        # What is to be done once more keeps what it opened the first time.
        if sent not in known:
            known.clear()
            known[sent] = pickle.loads(sent)  # noqa: S301 - our parent's
        function, given, named = known[sent]
        return function(*given, **named), None
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        return None, _sendable(error)


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - of whatever kind it is
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
