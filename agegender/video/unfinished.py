"""A file that is there whole or not at all.

It is written under a hidden name that only one process at a time may use. What a
killed one has left there is written over by the next.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from av.error import FFmpegError

from agegender.data.lock import only_writer
from agegender.errors import DataError


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give a hidden path to write to, which becomes `path` if the block ends well.

    Args:
        path: Replaced if present; its folder is made.

    Raises:
        DataError: If something cannot be written, or another process writes it.
    """
    part = path.with_name(f".{path.name}.part")
    with only_writer(path):
        try:
            yield part
            part.replace(path)
        except (OSError, FFmpegError) as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise DataError(f"{path} cannot be written: {reason}.") from error
        finally:
            with suppress(OSError):  # what could not be made cannot be removed
                part.unlink(missing_ok=True)
