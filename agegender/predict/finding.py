"""Which photos are meant by files, folders, patterns and a list.

Names are kept as plain text, 150 bytes each, so that a million of them fit.
"""

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from agegender.data.address import shown
from agegender.data.photo import EXTENSIONS
from agegender.errors import ConfigError, DataError

LIST: Final = "-"
"""Stands for the paths on standard input."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def find_photos(
    paths: Iterable[str | Path],
    *,
    recursive: bool = False,
    listed: Iterable[str] = (),
    allow_urls: bool = False,
    besides: Path | None = None,
) -> list[str]:
    """List the photos that are meant.

    Args:
        paths: Files, taken whatever they are called; folders, searched for photos by
            extension, hidden files left out; patterns such as `*.jpg`, where no file
            is called so; `-` for what is listed.
        recursive: Search folders inside folders too.
        listed: A path a line, taken as they are: what is wrong with one is told in
            its answer.
        allow_urls: Take addresses, http:// and https://, too.
        besides: Folder that is left out where it lies inside one that is searched.

    Returns:
        In the order given, sorted inside each folder, none twice.

    Raises:
        ConfigError: If an address is given and not allowed.
        DataError: If a path does not exist, a pattern fits nothing, or a folder holds
            no photo.
    """
    found: dict[str, None] = {}
    search = partial(_photos_in, recursive=recursive, besides=besides)
    for path in map(str, paths):
        if path == LIST:
            names = filter(None, (line.rstrip("\r\n") for line in listed))
            found.update((_allowed(name, allow_urls), None) for name in names)
        else:
            found.update(dict.fromkeys(_meant(path, search, allow_urls)))
    return list(found)


def is_address(path: str) -> bool:
    """Tell whether a path is a URL."""
    return _ADDRESS.match(path) is not None


def _meant(
    path: str, search: Callable[[Path], list[str]], allow_urls: bool
) -> Iterable[str]:
    if is_address(path):
        return [_allowed(path, allow_urls)]
    if os.path.lexists(path):
        place = Path(path)
        return search(place) if place.is_dir() else [str(place)]
    if not glob.has_magic(path):
        raise DataError(f"no photo or folder at {path}. Check the path.")
    matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - gives text
    if not matches:
        raise DataError(f"no file fits {path}. Check the pattern.")
    return (name for match in matches for name in _meant(match, search, False))


def _allowed(path: str, allow_urls: bool) -> str:
    if not is_address(path):
        return path
    if not allow_urls:
        raise ConfigError(
            "addresses are fetched with --allow-urls only; without it nothing goes "
            f"over the network. Received: {shown(path)}."
        )
    if not path.lower().startswith(("http://", "https://")):
        raise ConfigError(
            f"only http:// and https:// are fetched. Received: {shown(path)}."
        )
    return path


def _photos_in(folder: Path, recursive: bool, besides: Path | None) -> list[str]:
    photos = sorted(_walk(folder, recursive, besides and besides.resolve()))
    if not photos:
        hint = "" if recursive else " Search its subfolders with --recursive."
        kinds = " ".join(sorted(extension[1:] for extension in EXTENSIONS))
        raise DataError(f"folder {folder} holds no photo ({kinds}).{hint}")
    return photos


def _walk(folder: Path, recursive: bool, besides: Path | None) -> Iterator[str]:
    for inside, folders, files in os.walk(folder, onerror=_refuse):
        if not recursive:
            folders.clear()
        elif besides is not None:
            folders[:] = [
                one for one in folders if Path(inside, one).resolve() != besides
            ]
        # `./a.jpg` is `a.jpg`, as where it is named outright.
        place = "" if inside == "." else str(Path(inside))
        for file in files:
            is_photo = os.path.splitext(file)[1].lower() in EXTENSIONS  # noqa: PTH122
            if is_photo and not file.startswith("."):
                yield os.path.join(place, file)  # noqa: PTH118 - a million times


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename} cannot be listed: {error.strerror}.") from error
