"""A data set that its owner has unpacked to a folder."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISREG
from typing import NoReturn

import pandas as pd

from agegender.data.listing import (
    MAX_PHOTO_BYTES,
    Chunk,
    chunk_of,
    in_chunks,
    list_members,
    place_of,
)
from agegender.data.places import is_folder, why_no_folder
from agegender.errors import DataError
from agegender.progress import Progress, silent


@dataclass(frozen=True)
class FilePhotos:
    """Photos that are files of a folder."""

    root: Path
    names: tuple[str, ...]

    def __iter__(self) -> Iterator[bytes | None]:
        for name in self.names:
            try:
                with (self.root / name).open("rb") as file:
                    yield file.read(MAX_PHOTO_BYTES)
            except OSError:
                yield None


class Folder:
    """A data set unpacked by its owner."""

    def __init__(self, path: Path) -> None:
        if not is_folder(path):
            raise DataError(
                f"folder {path} {why_no_folder(path)}. "
                "Give the folder that holds the data set."
            )
        self.path = path

    @cached_property
    def members(self) -> pd.DataFrame:
        """The files, by name; hidden ones left out."""
        return list_members(sorted(self._walk()))

    def _walk(self) -> Iterator[tuple[str, int, int, bool]]:
        for folder, folders, files in os.walk(self.path, onerror=_refuse):
            # Hidden ones are no photos, but such as a run leaves that writes here.
            folders[:] = filter(_is_shown, folders)
            for file in filter(_is_shown, files):
                path = Path(folder, file)
                try:
                    info = path.lstat()
                except FileNotFoundError:  # gone since its folder was listed
                    continue
                except OSError as error:
                    _refuse(error)
                name = path.relative_to(self.path).as_posix()
                yield name, info.st_size, info.st_mtime_ns, S_ISREG(info.st_mode)

    def read(self, name: str) -> bytes:
        """Return the bytes of one file."""
        place_of(self, name)
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise DataError(
                f"{self.path / name} cannot be read: {error.strerror}."
            ) from error

    def chunks(self, wanted: pd.DataFrame) -> Iterator[Chunk]:
        """Hand out files by name; whoever decodes them reads them."""
        for part in in_chunks(wanted):
            yield chunk_of(part, FilePhotos(self.path, tuple(part["name"])))

    def digest(self, progress: Progress = silent) -> str:  # noqa: ARG002
        """Return the digest of all names and sizes, which takes no time."""
        listing = self.members[["name", "size"]].to_csv(index=False).encode()
        return f"sha256:{hashlib.sha256(listing).hexdigest()}"


def _is_shown(name: str) -> bool:
    return not name.startswith(".")


def _refuse(error: OSError) -> NoReturn:
    raise DataError(f"{error.filename} cannot be listed: {error.strerror}.") from error
