"""Places on the disk, as people name them.

Path.is_dir() and Path.exists() raise where a parent may not be looked into, or a name
is too long; until they are opened such places are just not there.
"""

import os
from pathlib import Path

from agegender.data.address import shown
from agegender.errors import ConfigError


def absolute(path: str | Path) -> Path:
    """Return the path from the root, links unfollowed.

    Raises:
        ConfigError: If it is an address, which would become folders named after it,
            or no UTF-8, as Parquet files and tables need it.
    """
    if "://" in str(path):
        raise ConfigError(
            "this must be a path on a disk, not an address. "
            f"Received: {shown(str(path))}."
        )
    whole = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links
    try:
        whole.encode()
    except UnicodeEncodeError as error:  # bytes that Python keeps as lone surrogates
        raise ConfigError(
            f"this must be a path in UTF-8. Received: {whole!r}. Rename it."
        ) from error
    return Path(whole)


def followed(path: str | Path) -> Path:
    """Return the path from the root; of a link, that which it leads to."""
    path = absolute(path)
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there."""
    return os.path.isdir(path)  # noqa: PTH112


def is_working_folder(path: Path) -> bool:
    """Tell whether it is the folder that this process works in."""
    try:
        return path.samefile(os.curdir)
    except OSError:
        return False


def is_taken(path: Path) -> bool:
    """Tell whether anything is there, be it a link that leads nowhere."""
    return os.path.lexists(path)


def begins_with(path: Path, mark: bytes) -> bool:
    """Tell whether a file is there, and readable, that begins with some bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(mark)) == mark
    except OSError:
        return False


def is_empty(folder: Path) -> bool:
    """Tell whether a folder is there that holds nothing."""
    try:
        return not any(folder.iterdir())
    except OSError:
        return False


def why_no_folder(path: Path) -> str:
    """Tell what is wrong with a place where no folder is."""
    try:
        path.stat()
    except FileNotFoundError:
        return "does not exist"
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    return "is not a folder"
