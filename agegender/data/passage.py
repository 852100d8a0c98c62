"""One passage through an archive's bytes, unpacked, from the front to the end.

A few bytes may unpack to terabytes, and a tar's notes, which `tarfile` reads whole,
may claim any size. Both are bounded here, while they are read: a stretch of bytes is
unpacked only if all before it took its share of the file.
"""

import bz2
import gzip
import lzma
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path
from tarfile import ReadError
from typing import BinaryIO, Final, Self

_UNPACKERS: Final[dict[bytes, Callable[[BinaryIO], BufferedIOBase]]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
"""First bytes of a compressed file -> what reads it, portion by portion."""

_MOST_PACKED: Final = 100
"""Unpacked bytes to one: photos hardly shrink, tables twentyfold."""

_LEAST_LIMIT: Final = 2**28
"""Bytes that may be unpacked beyond these: files of blank pictures are honest, too."""

_MAX_NOTES: Final = 2**20
"""Bytes of all names and notes of one entry."""

_AT_ONCE: Final = 2**20


class Passage:
    """What `tarfile` reads a tar file by, plain or compressed.

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._packed = path.open("rb")
        head = self._packed.read(max(map(len, _UNPACKERS)))
        self._size = self._packed.seek(0, 2)
        self._packed.seek(0)
        fit = [unpack for mark, unpack in _UNPACKERS.items() if head.startswith(mark)]
        self.is_packed = bool(fit)
        self._file = fit[0](self._packed) if fit else self._packed
        self._notes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._packed.close()

    def tell(self) -> int:
        """Return how many bytes lie before, unpacked."""
        return self._file.tell()

    def seek(self, to: int) -> int:
        """Go to a byte, in a compressed file onwards only."""
        if not self.is_packed:
            return self._file.seek(to)
        if to < self.tell():
            raise ReadError("the next one leads back")
        while (left := to - self.tell()) > 0 and self._take(min(left, _AT_ONCE)):
            pass
        return self.tell()

    def read(self, size: int) -> bytes:
        """Read an entry's head, a name or a note.

        Raises:
            ReadError: If all of them are too long, or the file unpacks to too much.
        """
        self._notes += size
        if self._notes > _MAX_NOTES:
            raise ReadError(f"the next one has names or notes of {self._notes} bytes")
        return self._take(size)

    def expect_end(self, end: int) -> None:
        """Take note that the entry's head was read, and where the entry ends.

        Raises:
            ReadError: If it ends farther off than the file reaches by any means.
        """
        self._notes = 0
        limit = _limit(self._size)
        if self.is_packed and end > limit:
            raise ReadError(f"it unpacks to {end} bytes; at most {limit}")

    def stretch(self, offset: int, size: int) -> bytes:
        """Return the bytes of an entry.

        Raises:
            ReadError: If the file is cut there, or unpacks to too much.
        """
        self.seek(offset)
        content = self._take(size)
        if len(content) < size:
            raise ReadError("unexpected end of data")
        return content

    def _take(self, size: int) -> bytes:
        used = self._packed.tell()
        if self.is_packed and (end := self.tell() + size) > _limit(used):
            raise ReadError(f"{used} bytes of it unpack to over {end}")
        try:
            return self._file.read(size)
        except MemoryError as error:  # xz names the memory that it wants
            raise ReadError("to unpack it takes more memory than there is") from error


def _limit(packed: int) -> int:
    """Return how many bytes so many may unpack to."""
    return _LEAST_LIMIT + _MOST_PACKED * packed
