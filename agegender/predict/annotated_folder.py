"""Annotated photos as files: each whole, none over another, none over a photo."""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from agegender.errors import DataError
from agegender.predict.ahead import in_order
from agegender.predict.annotate import annotate
from agegender.predict.faces import PhotoFaces
from agegender.predict.finding import is_address
from agegender.predict.photos import read_photo

_KEPT = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_LONGEST: Final = 255  # bytes that a file's name may have


def require_elsewhere(folder: Path, photos: Iterable[str]) -> None:
    """Keep pictures away from photos.

    Args:
        folder: Where pictures are to go; need not be there yet.
        photos: Paths and addresses.

    Raises:
        DataError: If one of the photos lies in the folder.
    """
    places = {os.path.dirname(one) for one in photos if not is_address(one)}  # noqa: PTH120 - a million times
    for place in places:
        # What cannot be looked at holds no photo.
        with suppress(OSError, ValueError):
            if Path(place).samefile(folder):
                raise DataError(
                    f"annotated pictures would replace the photos in {folder}. "
                    "Name another folder."
                )


class AnnotatedFolder:
    """A folder that gets one annotated picture a photo.

    Args:
        folder: Made where absent; files of former runs are replaced.

    Raises:
        DataError: If the folder cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._numbers: dict[str, int] = {}  # name taken -> its photos so far
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def save_all(
        self, answers: Iterable[PhotoFaces], workers: int
    ) -> Iterator[PhotoFaces]:
        """Draw each answer as it passes, in threads, under its photo's name.

        JPEG and PNG stay what they are, other formats become PNG. The second photo
        of a name is written as `name-2`.

        Args:
            answers: With their pixels, best; else the photos are read again.
            workers: Threads.

        Yields:
            The answers in order, without pixels, once their pictures are written.

        Raises:
            DataError: If a picture would replace a photo or cannot be written.
        """

        def drawn(work: tuple[PhotoFaces, Path]) -> PhotoFaces:
            _draw(*work)
            return replace(work[0], pixels=None)

        named = ((answer, self.name(answer.source)) for answer in answers)
        yield from in_order(drawn, named, workers)

    def name(self, source: str) -> Path:
        """Take the next free name for a photo's picture.

        Also for photos that a former run has drawn, so that those after them get
        the names that they would have had.

        Args:
            source: The photo's path or address.

        Raises:
            DataError: If the picture would replace a photo.
        """
        require_elsewhere(self._folder, [source])
        photo = Path(_path_in(source))
        suffix = photo.suffix if photo.suffix.lower() in _KEPT else ".png"
        stem = photo.stem or "photo"
        name = wanted = _fitting(stem, suffix)
        number = self._numbers.get(_one_for_all(wanted), 0)
        while _one_for_all(name) in self._numbers:
            number += 1
            name = _fitting(stem, f"-{number}{suffix}")
        self._numbers[_one_for_all(wanted)] = number
        self._numbers[_one_for_all(name)] = 1
        return self._folder / name


def _one_for_all(name: str) -> str:
    """Return the same for names that some file systems take for one.

    Those of Windows and macOS for A.jpg and a.jpg, macOS' too for an accented letter
    and the letter with its accent behind it.
    """
    return unicodedata.normalize("NFD", name).casefold()


def _path_in(source: str) -> str:
    try:
        return urlsplit(source).path if is_address(source) else source
    except ValueError:  # no address at all; nothing will be drawn
        return source


def _fitting(stem: str, ending: str) -> str:
    """Return the name, its stem cut until it is none too long for a file."""
    while len(f"{stem}{ending}".encode("utf-8", "surrogatepass")) > _LONGEST:
        stem = stem[:-1]
    return f"{stem}{ending}"


def _draw(answer: PhotoFaces, target: Path) -> None:
    if answer.error is not None:
        return
    pixels = read_photo(answer.source) if answer.pixels is None else answer.pixels
    picture = annotate(pixels, answer.faces, fit_faces=True)
    # The same each time, so that what a killed run leaves behind is written over; and
    # short, as a name near the longest there may be.
    part = target.with_name(
        f".{sha256(os.fsencode(target.name)).hexdigest()[:16]}.part"
    )
    try:
        picture.save(part, _KEPT[target.suffix.lower()], quality=92)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(target, error) from error


def _unwritable(path: Path, error: OSError) -> DataError:
    reason = error.strerror or type(error).__name__
    return DataError(f"annotated pictures: {path} cannot be written: {reason}.")
