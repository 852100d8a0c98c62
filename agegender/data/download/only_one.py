"""One download at a time to one place.

The operating system holds the lock and gives it up with the process, however that
ends. The lock's own file is removed by its holder, so whoever opens it makes sure
that it is still the one that others would find.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agegender.errors import DataError

if sys.platform == "win32":
    import msvcrt

    def _seize(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _seize(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_one(target: Path) -> Iterator[None]:
    """Hold a place for the length of the block.

    Args:
        target: The file that shall be written by one alone.

    Raises:
        DataError: If another download holds it.
    """
    lock = target.with_name(f"{target.name}.lock")
    number = _opened(lock, target)
    try:
        yield
    finally:
        # Linux and macOS remove an open file, Windows a closed one.
        with suppress(OSError):
            lock.unlink()
        os.close(number)
        if sys.platform == "win32":
            with suppress(OSError):
                lock.unlink()


def _opened(lock: Path, target: Path) -> int:
    while True:
        number = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _seize(number)
        except (BlockingIOError, PermissionError) as error:
            os.close(number)
            raise DataError(
                f"{target} is being downloaded by somebody else. Wait for it, or give "
                "another --out."
            ) from error
        except OSError:
            os.close(number)
            raise
        if _is_still(lock, number):
            return number
        os.close(number)


def _is_still(lock: Path, number: int) -> bool:
    try:
        return os.path.samestat(lock.stat(), os.fstat(number))
    except FileNotFoundError:
        return False
