"""A file that is there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from av.error import FFmpegError

from agegender.errors import DataError


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a hidden path to write to, which becomes `path` if the block ends well.

    Args:
        path: Replaced if present; its folder is made.

    Raises:
        DataError: If something cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except (OSError, FFmpegError) as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError(f"{path} cannot be written: {reason}.") from error
    finally:
        with suppress(OSError):  # what could not be made cannot be removed
            part.unlink(missing_ok=True)
