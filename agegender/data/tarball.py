"""Tar archives, read in place.

A plain tar allows random access: its members' offsets are listed once, and whoever
decodes the photos reads them there by himself. A compressed one can only be read
from the front: the listing costs one pass and the photos a second one, in which
they are carried to the decoders in chunks.
"""

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import pandas as pd

from agegender.data.digest import digest_of_archive
from agegender.data.listing import (
    MAX_ROWS,
    Chunk,
    chunk_of,
    in_chunks,
    list_members,
    place_of,
)
from agegender.data.passage import Passage
from agegender.data.places import is_folder
from agegender.errors import DataError
from agegender.progress import Progress, silent

_DAMAGED: Final = (
    *(tarfile.TarError, EOFError, zlib.error, lzma.LZMAError),
    # tarfile's own, of sparse files and of notes about notes
    *(ValueError, LookupError, RecursionError),
)


def open_tar(path: Path) -> "PlainTar | CompressedTar":
    """Open a tar file, plain or compressed by gzip, bzip2 or xz.

    Raises:
        DataError: If there is no such file, or it is no tar archive.
    """
    if is_folder(path):
        raise DataError(f"archive {path} is a folder. Give it as the folder instead.")
    try:
        with Passage(path) as passage:
            packed = passage.is_packed
    except OSError as error:
        raise DataError(f"archive {path} cannot be read: {error.strerror}.") from error
    archive = CompressedTar(path) if packed else PlainTar(path)
    archive.check()
    return archive


class _Entry(tarfile.TarInfo):
    """An entry; what is neither one nor the archive's end mark is damage.

    tarfile takes it for the end, so that a part would pass for the whole.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read the entry from its block."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("it ends without an end mark") from error
            if any(buf):
                raise tarfile.ReadError(str(error)) from error
            raise


@contextmanager
def _entries(path: Path) -> Iterator[tuple[Passage, Iterator[tarfile.TarInfo]]]:
    """Open a tar file and walk its entries; damage becomes one line."""
    passed = 0

    def walk(tar: tarfile.TarFile, passage: Passage) -> Iterator[tarfile.TarInfo]:
        nonlocal passed
        while (entry := tar.next()) is not None:
            _refuse_endless(entry, passed)
            passage.expect_end(tar.offset)
            passed += 1
            # A large archive's entries would fill memory; the stubs lack the list.
            tar.members.clear()  # type: ignore[attr-defined]
            yield entry

    try:
        with (
            Passage(path) as passage,
            # To read takes no `write`, which the stubs ask for.
            tarfile.open(path, "r:", passage, tarinfo=_Entry) as tar,  # type: ignore[call-overload]
        ):
            yield passage, walk(tar, passage)
    except (*_DAMAGED, OSError) as error:
        what = "is damaged after its file" if passed else "is not a tar archive"
        where = f" {passed}" if passed else ""
        hint = "Download it again" if passed else "Give a .tar or .tar.gz file"
        raise DataError(
            f"{path} {what}{where}: {error}. {hint}, or unpack it to a folder."
        ) from error


def _refuse_endless(entry: tarfile.TarInfo, passed: int) -> None:
    """Raise at an entry that leads back in the archive, or on without end."""
    if entry.size < 0:
        raise tarfile.ReadError(f"the next one has {entry.size} bytes")
    if passed >= MAX_ROWS:
        raise tarfile.ReadError(f"it has more than {MAX_ROWS}")


def _is_plain(entry: tarfile.TarInfo) -> bool:
    return entry.isreg() and not entry.issparse()


class _Tar:
    """What both kinds of tar file do alike."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest = ""

    def check(self) -> None:
        """Read the first entry, to fail early."""
        with _entries(self.path) as (_, entries):
            next(entries, None)

    def place(self, number: int, entry: tarfile.TarInfo) -> int:
        """Return what `members` calls the place of an entry."""
        raise NotImplementedError

    @cached_property
    def members(self) -> pd.DataFrame:
        """The entries other than folders, as they lie in the archive."""
        with _entries(self.path) as (_, entries):
            files = [
                (entry.name, entry.size, self.place(number, entry), _is_plain(entry))
                for number, entry in enumerate(entries)
                if not entry.isdir()
            ]
        return list_members(files)

    def digest(self, progress: Progress = silent) -> str:
        """Return the digest of the file; it is read the first time alone."""
        self._digest = self._digest or digest_of_archive(self.path, progress)
        return self._digest


@dataclass(frozen=True)
class TarPhotos:
    """Photos that are stretches of a plain tar file."""

    path: Path
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]

    def __iter__(self) -> Iterator[bytes | None]:
        try:
            with self.path.open("rb") as file:
                for offset, size in zip(self.offsets, self.sizes, strict=True):
                    file.seek(offset)
                    photo = file.read(size)
                    if len(photo) < size:
                        raise DataError(f"archive {self.path} was cut while in use.")
                    yield photo
        except OSError as error:
            raise DataError(
                f"archive {self.path} can no longer be read: {error.strerror}."
            ) from error


class PlainTar(_Tar):
    """A tar file with random access; places are offsets in bytes."""

    def place(self, number: int, entry: tarfile.TarInfo) -> int:  # noqa: ARG002
        """Return the offset of the entry's bytes."""
        return entry.offset_data

    def read(self, name: str) -> bytes:
        """Return the bytes of one member."""
        offset = place_of(self, name)
        members = self.members
        size = int(members["size"][members["place"] == offset].iloc[0])
        return next(iter(TarPhotos(self.path, (offset,), (size,)))) or b""

    def chunks(self, wanted: pd.DataFrame) -> Iterator[Chunk]:
        """Hand out offsets; whoever decodes the photos reads them."""
        for part in in_chunks(wanted.sort_values("place", kind="stable")):
            photos = TarPhotos(self.path, tuple(part["place"]), tuple(part["size"]))
            yield chunk_of(part, photos)


class CompressedTar(_Tar):
    """A tar file read from the front; places are the entries' numbers."""

    def place(self, number: int, entry: tarfile.TarInfo) -> int:  # noqa: ARG002
        """Return the number of the entry."""
        return number

    def read(self, name: str) -> bytes:
        """Return the bytes of one member, found by a pass over the archive."""
        return next(self._stream([place_of(self, name)]), b"")

    def chunks(self, wanted: pd.DataFrame) -> Iterator[Chunk]:
        """Carry the photos themselves, in the order they lie in."""
        wanted = wanted.sort_values("place", kind="stable")
        photos = self._stream(wanted["place"].tolist())
        for part in in_chunks(wanted):
            held = [photo for _, photo in zip(part.index, photos, strict=False)]
            gone = [None] * (len(part) - len(held))  # the file was cut meanwhile
            yield chunk_of(part, (*held, *gone))

    def _stream(self, places: list[int]) -> Iterator[bytes]:
        """Yield the bytes at rising places; a place may come several times."""
        wanted = iter(places)
        place = next(wanted, None)
        with _entries(self.path) as (passage, entries):
            for number, entry in enumerate(entries):
                if place is None:
                    return
                if number != place:
                    continue
                photo = passage.stretch(entry.offset_data, entry.size)
                while place == number:
                    yield photo
                    place = next(wanted, None)
