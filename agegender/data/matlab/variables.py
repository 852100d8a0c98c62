"""Variables of a file that is too large to read: what they are, and where they lie.

Only the head of each is read. A variable may be packed; its head is then unpacked
alone, and its content, where it is asked for, to a temporary file.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple

from numpy.typing import NDArray

from agegender.data.matlab.buffer import (
    CHAR,
    COMPRESSED,
    ENCODINGS,
    HEADER,
    NUMERIC,
    Buffer,
    Element,
    MatlabError,
    Matrix,
    byte_order,
)

_HEAD: Final = 2**10
"""Bytes that hold the head of any array of few sides."""

_AT_ONCE: Final = 2**20

MAX_COLUMN: Final = 2**28
"""Bytes of a variable that is read whole."""


class Variable(NamedTuple):
    """A variable of a file, of which the head is known."""

    path: Path
    order: Literal["<", ">"]  # of its bytes
    whole: Element  # where it lies in the file
    matrix: Matrix  # what it is; offsets count from the variable's own start
    content: Element  # its numbers or letters; offsets as in `matrix`

    @property
    def is_packed(self) -> bool:
        """Whether its bytes in the file are compressed."""
        return self.whole.kind == COMPRESSED

    def numbers(self) -> NDArray[Any]:
        """Read its numbers, one after the other."""
        if self.matrix.kind not in NUMERIC:
            raise MatlabError(f"{self.matrix.name} holds no numbers")
        return self._buffer().array(self.matrix)

    def text(self) -> str:
        """Read its letters."""
        encoding = ENCODINGS.get(self.content.kind)
        if self.matrix.kind != CHAR or encoding is None:
            raise MatlabError(f"{self.matrix.name} is no text")
        start = self.content.start
        span = (start, start + self.content.size)
        return self._buffer().texts([span], encoding)[0]

    @contextmanager
    def opened(self) -> Iterator[tuple[IO[bytes], int]]:
        """Open the content for reading anywhere.

        Yields:
            A file and the offset of the first number in it; a packed
            variable is unpacked to a temporary file first.
        """
        with self.path.open("rb") as file:
            if not self.is_packed:
                yield file, self.whole.start - 8 + self.content.start
                return
            with tempfile.TemporaryFile() as unpacked:
                for piece in _unpacked(file, self.whole, self.matrix.end):
                    unpacked.write(piece)
                yield unpacked, self.content.start

    def _buffer(self) -> Buffer:
        if self.matrix.end > MAX_COLUMN:
            raise MatlabError(f"{self.matrix.name} is over {MAX_COLUMN} bytes large")
        with self.path.open("rb") as file:
            if self.is_packed:
                pieces = _unpacked(file, self.whole, self.matrix.end)
                return Buffer(b"".join(pieces), self.order)
            file.seek(self.whole.start - 8)
            content = file.read(self.matrix.end)
        if len(content) < self.matrix.end:
            raise MatlabError("it was cut while in use")
        return Buffer(content, self.order)


def list_variables(path: Path) -> dict[str, Variable]:
    """Read the heads of all variables of a file.

    Args:
        path: The file.

    Returns:
        Name -> variable; the first of each name.

    Raises:
        MatlabError: If it is no MATLAB v5 file, or damaged.
        OSError: If it cannot be read.
    """
    found: dict[str, Variable] = {}
    limit = path.stat().st_size
    with path.open("rb") as file:
        order = byte_order(file.read(HEADER))
        at = HEADER
        while at < limit:
            whole = _whole(file, at, limit, order)
            variable = _variable(path, file, whole, order)
            if variable is not None:
                found.setdefault(variable.matrix.name, variable)
            at = whole.end
    return found


def _whole(file: IO[bytes], at: int, limit: int, order: Literal["<", ">"]) -> Element:
    """Read the tag of a variable."""
    file.seek(at)
    tag = Buffer(file.read(8), order)
    if len(tag.content) < 8:
        raise MatlabError(f"it is cut short at byte {at}")
    kind, start, size, end = tag.element(0, limit - at)
    return Element(kind, at + start, size, at + end)


def _variable(
    path: Path, file: IO[bytes], whole: Element, order: Literal["<", ">"]
) -> Variable | None:
    """Read the head of a variable; None where there is no array with content."""
    head = Buffer(_head(file, whole), order)
    try:
        # The content itself is not here: what the head says is its limit.
        limit = (
            head.element(0, 2**33).end
            if whole.kind == COMPRESSED
            else (whole.end - whole.start + 8)
        )
        matrix = head.matrix(0, limit)
        if matrix.start >= matrix.end:
            return None
        content = head.element(matrix.start, matrix.end)
    except (struct.error, ValueError) as error:
        raise MatlabError(
            f"the variable at byte {whole.start} has no sound head"
        ) from error
    return Variable(path, order, whole, matrix, content)


def _head(file: IO[bytes], whole: Element) -> bytes:
    if whole.kind != COMPRESSED:
        file.seek(whole.start - 8)
        return file.read(_HEAD)
    file.seek(whole.start)
    try:
        packed = file.read(min(whole.size, 4 * _HEAD))
        return zlib.decompressobj().decompress(packed, _HEAD)
    except zlib.error as error:
        raise MatlabError(f"it is damaged ({error})") from error


def _unpacked(file: IO[bytes], whole: Element, size: int) -> Iterator[bytes]:
    """Unpack a variable piece by piece, and no more than its head has told."""
    unpacker, left = zlib.decompressobj(), whole.size
    file.seek(whole.start)
    try:
        while size > 0:
            packed = unpacker.unconsumed_tail
            if not packed:
                packed = file.read(min(left, _AT_ONCE))
                left -= len(packed)
            piece = unpacker.decompress(packed, min(size, _AT_ONCE))
            if not packed and not piece:
                raise MatlabError("it is cut short")
            size -= len(piece)
            yield piece
    except zlib.error as error:
        raise MatlabError(f"it is damaged ({error})") from error
