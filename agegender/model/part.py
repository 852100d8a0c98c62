"""A file or a folder under another name until it is whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """Lend a name to write under; what is written gets its own once all went well.

    Args:
        path: Where to. A file is replaced; a folder must not be there.

    Yields:
        A name beside it that ends alike, since some writers insist on the ending.
    """
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)
