"""Answers as lines that may be written one photo after the other.

And read again: how much of a file that a killed command left behind is whole, and
which photos it tells of.
"""

import csv
import io
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from agegender.errors import DataError
from agegender.notice import NOTICE_SHORT
from agegender.predict.columns import COLUMNS, rows_of
from agegender.predict.faces import PhotoFaces


class Kept(NamedTuple):
    """What of a begun file stands."""

    end: int  # bytes; what follows is to be cut off
    photos: set[str]  # names as written
    faces: int


class Lines(Protocol):
    """A format that grows at its end."""

    heading: str

    def text(self, answer: PhotoFaces, model: str) -> str:
        """Return the lines of one photo; all end in a newline."""
        ...

    def kept(self, path: Path, asked: Collection[str]) -> Kept:
        """Find out what of a begun file stands.

        Args:
            path: The file.
            asked: Names of the photos that may be answered again.

        Raises:
            DataError: If it is none of ours.
        """
        ...


class JsonLines:
    """One JSON object a photo, which says besides which model answered."""

    heading = ""

    def text(self, answer: PhotoFaces, model: str) -> str:
        """Return the line of one photo."""
        whole = answer.to_dict() | {"model": model, "limits": NOTICE_SHORT}
        return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"

    def kept(self, path: Path, asked: Collection[str]) -> Kept:  # noqa: ARG002
        """Keep all lines that end, and what they tell of."""
        end, faces, photos = 0, 0, set()
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                answer = _parsed(line, path)
                photos.add(answer["photo"])
                faces += len(answer["faces"])
                end += len(line)
        return Kept(end, photos, faces)


class Csv:
    """One row a face, `columns.COLUMNS`; a photo without a face has a row, too."""

    heading = ",".join(COLUMNS) + "\n"

    def text(self, answer: PhotoFaces, model: str) -> str:
        """Return the rows of one photo."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writerows(rows_of(answer, model))
        return text.getvalue()

    def kept(self, path: Path, asked: Collection[str]) -> Kept:
        """Keep all whole rows; those of the last photo unless it is asked about again.

        They may not be all of its rows, and nothing in the file tells.
        """
        photos: set[str] = set()
        end = before_last = faces = faces_before = 0
        last = None
        for row, after in _rows(path):
            if row["photo"] != last:
                before_last, faces_before = end, faces
                photos.add(row["photo"])
                last = row["photo"]
            faces += bool(row["face"])
            end = after
        if last not in asked:
            return Kept(end, photos, faces)
        return Kept(before_last, photos - {last}, faces_before)


def csv_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the whole rows of a CSV file that `Csv` wrote.

    Raises:
        DataError: If it is none of ours.
    """
    for row, _ in _rows(path):
        yield row


def _rows(path: Path) -> Iterator[tuple[dict[str, str], int]]:
    """Yield each whole row, and the byte at which it ends."""
    position = 0

    def lines() -> Iterator[str]:
        nonlocal position
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                position += len(line)
                yield _decoded(line, path)

    reader = csv.reader(lines())
    heading = next(reader, None)
    if heading is None:  # killed before its first line was whole
        return
    if heading != list(COLUMNS):
        raise _foreign(path)
    for row in reader:
        # Cut off inside quotes, a row ends too early.
        if len(row) == len(COLUMNS):
            yield dict(zip(COLUMNS, row, strict=True)), position


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(line)
        if isinstance(answer["photo"], str) and isinstance(answer["faces"], list):
            return answer
    except (ValueError, TypeError, LookupError):
        pass
    raise _foreign(path)


def _decoded(line: bytes, path: Path) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise _foreign(path) from error


def _foreign(path: Path) -> DataError:
    return DataError(
        f"{path} holds other lines than `predict` writes. Move it away, or name "
        "another --out."
    )
