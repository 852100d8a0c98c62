"""Puts pages on disk, whole or not at all."""

from pathlib import Path
from typing import Final

from agegender.errors import DataError
from agegender.pages.markup import MADE_HERE

_HEAD_BYTES: Final = 512


def write_page(html: str, path: Path) -> Path:
    """Write a page, in place of an older one of ours.

    Raises:
        DataError: If a file that is none of our pages is there, or it cannot be
            written.
    """
    require_ours(path)
    return write_text(html, path)


def require_ours(path: Path) -> None:
    """Raise `DataError` where a file is that is none of our pages."""
    try:
        foreign = path.exists() and not _is_ours(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if foreign:
        raise DataError(f"{path} is no page of ours; it stays. Move it away.")


def write_text(text: str, path: Path) -> Path:
    """Write a text under a name of its own first; the file is replaced once whole.

    Raises:
        DataError: If it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.partial")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}."
        ) from error
    return path


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return MADE_HERE.encode() in file.read(_HEAD_BYTES)
