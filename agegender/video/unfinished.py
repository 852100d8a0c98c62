"""A film or its table that is there whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.error import FFmpegError

from agegender.errors import DataError
from agegender.whole import part_of


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a hidden path to write to, which becomes `path` if the block ends well.

    Args:
        path: Replaced if present; its folder is made.

    Raises:
        DataError: If something cannot be written, or another process writes it.
    """
    try:
        with part_of(path) as part:
            yield part
    except (OSError, FFmpegError) as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError(f"{path} cannot be written: {reason}.") from error
