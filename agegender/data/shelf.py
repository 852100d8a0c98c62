"""Where the parts of a store lie until it is whole: a folder, or a shared URL.

Both offer files by name that are there whole or not at all. They are plain values,
carried to whoever decodes, on whatever machine.
"""

import io
import secrets
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol

from agegender.data.address import shown
from agegender.errors import AgeGenderError, ConfigError, DataError

_UNFINISHED: Final = ".tmp"


class Shelf(Protocol):
    """Files by name, seen by all who decode."""

    def make(self) -> None:
        """Make the place, and clear what a killed process has left half written."""
        ...

    def names(self) -> list[str]:
        """Return the names of the files, in order."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Leave a file, whole or not at all; one of that name is replaced."""
        ...

    def get(self, name: str) -> IO[bytes]:
        """Open a file."""
        ...

    def discard(self, name: str) -> None:
        """Remove a file, if it is there and may be removed."""
        ...

    def remove(self) -> None:
        """Remove the place and all that is in it."""
        ...

    def remove_if_empty(self) -> None:
        """Remove the place where nothing is in it."""
        ...


@dataclass(frozen=True)
class FolderShelf:
    """A folder on a disk, or on one that several machines share.

    Args:
        path: The folder.
        named: What errors call it: the path that the user gave.
    """

    path: Path
    named: Path

    def __str__(self) -> str:
        return str(self.path)

    def make(self) -> None:
        """Make the folder; its parents too."""
        with self._told("written"):
            self.path.mkdir(parents=True, exist_ok=True)
            for unfinished in self.path.glob(f"*{_UNFINISHED}"):
                unfinished.unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Return the names of the files, in order."""
        with self._told("read"):
            found = [path.name for path in self.path.iterdir()]
        return sorted(name for name in found if not name.endswith(_UNFINISHED))

    def put(self, name: str, content: bytes) -> None:
        """Write under another name first; renaming leaves no half file."""
        unfinished = self.path / _unfinished(name)
        try:
            with self._told("written"):
                unfinished.write_bytes(content)
                unfinished.replace(self.path / name)
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def get(self, name: str) -> IO[bytes]:
        """Open a file."""
        with self._told("read"):
            return (self.path / name).open("rb")

    def discard(self, name: str) -> None:
        """Remove a file, if it is there and may be removed."""
        with suppress(OSError):
            (self.path / name).unlink()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Remove the folder where nothing is in it."""
        with suppress(OSError):
            self.path.rmdir()

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{self.named} cannot be {what}: {error.strerror or error}."
            ) from error


@dataclass(frozen=True)
class UrlShelf:
    """A place on any storage that fsspec reaches, such as s3://bucket/folder.

    Nothing is said about how a storage writes: some show a file only once it is
    whole (object stores), others while it grows (SFTP, file://). So every file is
    written under another name and then moved: a rename where there is one, a copy
    by the storage itself else. A copy that was cut is met by its reader: parts carry
    checksums, and one that is damaged is made anew.

    Args:
        url: The place; what it lies in must be there.
    """

    url: str

    def __str__(self) -> str:
        return shown(self.url)

    def make(self) -> None:
        """Make the folder, where the storage has folders."""
        files, folder = self._reach()
        with self._told("written"), suppress(FileExistsError):
            try:
                # No parents: a bucket that was misspelt must not be bought.
                files.mkdir(folder, create_parents=False)
            except FileNotFoundError as error:
                raise DataError(
                    f"{self} has no place to lie in. Make its bucket or folder first."
                ) from error
        for name in self._listed():
            if name.endswith(_UNFINISHED):
                self.discard(name)

    def names(self) -> list[str]:
        """Return the names of the files, in order."""
        return sorted(name for name in self._listed() if not name.endswith(_UNFINISHED))

    def _listed(self) -> list[str]:
        files, folder = self._reach()
        with self._told("listed"):
            files.invalidate_cache(folder)  # others write there too
            try:
                found = files.ls(folder, detail=False)
            except FileNotFoundError:  # an object store knows no empty folder
                return []
        return [path.rstrip("/").rpartition("/")[2] for path in found]

    def put(self, name: str, content: bytes) -> None:
        """Write under another name, then move."""
        files, folder = self._reach()
        unfinished = _unfinished(name)
        with self._told("written"):
            try:
                files.pipe_file(f"{folder}/{unfinished}", content)
                files.mv(f"{folder}/{unfinished}", f"{folder}/{name}")
            except BaseException:
                self.discard(unfinished)
                raise

    def get(self, name: str) -> IO[bytes]:
        """Fetch a file at once: a part is small, and each request takes its time."""
        files, folder = self._reach()
        with self._told("read"):
            return io.BytesIO(files.cat_file(f"{folder}/{name}"))

    def discard(self, name: str) -> None:
        """Remove a file, if it is there and may be removed."""
        files, folder = self._reach()
        with suppress(Exception):
            files.rm_file(f"{folder}/{name}")

    def remove(self) -> None:
        """Remove the files; what stays is told, since somebody pays for it."""
        files, folder = self._reach()
        try:
            files.rm(folder, recursive=True)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - each storage has its own
            warnings.warn(
                f"parts stay at {self}: {_reason(error)}. Remove them.", stacklevel=2
            )

    def remove_if_empty(self) -> None:
        """Remove the folder where nothing is in it."""
        files, folder = self._reach()
        with suppress(Exception):
            if not files.ls(folder, detail=False):
                files.rmdir(folder)

    def _reach(self) -> tuple[Any, str]:
        import fsspec  # noqa: PLC0415 - only where a URL was given

        try:
            files, folder = fsspec.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise ConfigError(
                f"parts cannot lie at {self}: {_reason(error)}. Install what fsspec "
                "needs for it, or give another place."
            ) from error
        except Exception as error:
            raise DataError(f"{self} cannot be reached: {_reason(error)}.") from error
        return files, folder

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except AgeGenderError:
            raise
        except Exception as error:
            raise DataError(
                f"{self} cannot be {what}: {_reason(error)}. Run prep again to go on, "
                "once it can."
            ) from error


def _unfinished(name: str) -> str:
    # Two machines may write the same part, after one was thought lost.
    return f"{name}.{secrets.token_hex(4)}{_UNFINISHED}"


def _reason(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(said).split()).rstrip(".")
