"""A file or a folder that is there whole or not at all.

It is written under a hidden name that only one process at a time may use. Whatever
lies there when a process gets its turn was left by one that is gone, and is removed.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agegender.lock import only_writer


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """Lend a name to write under; what is written gets its own once all went well.

    Args:
        path: Where to; its parents are made. A file is replaced; a folder must not
            be there.

    Yields:
        A name beside it that ends alike, since some writers insist on the ending.

    Raises:
        DataError: If another process writes it, or nobody may.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    with only_writer(path):
        _remove(part)
        try:
            yield part
            part.replace(path)
        finally:
            with suppress(OSError):  # what could not be made cannot be removed
                _remove(part)


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)
