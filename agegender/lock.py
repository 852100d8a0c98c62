"""One writer at a time for a place.

The lock is the operating system's, on a hidden file beside the place: a process
that is killed lets go of it, so that no lock is ever left behind to be broken.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from agegender.errors import DataError

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Keep every other writer away from a place while the block runs.

    Args:
        out: The place; its parents are made.

    Raises:
        DataError: If another process writes there, or nobody may.
    """
    if not out.name:
        raise DataError(f"{out} has no name to be written under. Give one.")
    path = out.with_name(f".{out.name}.lock")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        file = _open_taken(path)
    except BlockingIOError as error:
        raise _busy(out) from error
    except OSError as error:
        if sys.platform == "win32" and isinstance(error, PermissionError):
            raise _busy(out) from error
        raise DataError(
            f"{out} cannot be written: {error.strerror or error}."
        ) from error
    try:
        yield
    finally:
        # Gone before it is let go: whoever opened it meanwhile sees that it is gone.
        with suppress(OSError):
            path.unlink()
        file.close()


def _open_taken(path: Path) -> IO[bytes]:
    while True:
        file = path.open("ab")
        try:
            _take(file)
            if _is_there(path, file):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _is_there(path: Path, file: IO[bytes]) -> bool:
    """Tell whether the path still leads to the file that was opened."""
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _busy(out: Path) -> DataError:
    return DataError(
        f"{out} is being written by another process. Wait for it, or give another "
        "place."
    )
