"""A folder that is there whole or not at all.

It is filled under a hidden name beside the place where it shall be, brought to the
disk, and renamed. Whatever goes wrong before leaves the place as it was; what a
killed process has left is put right by the next.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agegender.data.places import (
    followed,
    is_empty,
    is_folder,
    is_taken,
    is_working_folder,
)
from agegender.errors import DataError


def refuse_foreign(out: Path, is_ours: Callable[[Path], bool]) -> None:
    """Raise if the place is taken by something that must not be replaced.

    Args:
        out: The place; absent, an empty folder, or a folder of ours.
        is_ours: Tells whether a folder may be replaced.

    Raises:
        DataError: If something else is there, or this process works in it.
    """
    if is_working_folder(out):
        # Once it is replaced, no relative path of this process leads anywhere.
        raise DataError(
            f"{out} is the working folder, which cannot be replaced. Go to another "
            "one, or give another place."
        )
    if is_empty(out) or (is_folder(out) and is_ours(out)):
        return
    if is_taken(out):
        raise DataError(
            f"{out} exists and is not a store, or holds other files as well; it "
            "stays. Give another place."
        )


@contextmanager
def staged(out: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Give a folder to fill, which takes its place when the block ends well.

    Only one process may do so at a time: see `only_writer`.

    Args:
        out: Where the folder shall be; parents are made, a link is followed.
        is_ours: Tells whether a folder that is there may be replaced.

    Raises:
        DataError: If the place is taken or cannot be written.
    """
    out = followed(out)
    refuse_foreign(out, is_ours)
    partial = out.with_name(f".{out.name}.partial")
    old = out.with_name(f".{out.name}.old")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _put_right(out, partial, old)
        partial.mkdir()
        yield partial
        _to_disk(partial)
        refuse_foreign(out, is_ours)
        _swap(partial, out, old)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written: {error.strerror or error}."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_right(out: Path, partial: Path, old: Path) -> None:
    """Undo what a process that was killed here has left half done."""
    if partial.exists():
        shutil.rmtree(partial)
    if not old.exists():
        return
    if out.exists():
        shutil.rmtree(old)
    else:  # it died between the two renames
        old.rename(out)


def _swap(partial: Path, out: Path, old: Path) -> None:
    if not out.exists():
        partial.rename(out)
    else:
        out.rename(old)
        try:
            partial.rename(out)
        except OSError:
            old.rename(out)
            raise
        shutil.rmtree(old, ignore_errors=True)
    _sync(out.parent)


def _to_disk(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    _sync(folder)


def _sync(folder: Path) -> None:
    # Windows cannot open folders, and needs no such thing.
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
