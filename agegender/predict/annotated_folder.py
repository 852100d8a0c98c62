"""Annotated photos as files: each whole, none over another, none over its photo."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from agegender.errors import DataError
from agegender.predict.ahead import in_order
from agegender.predict.annotate import annotate
from agegender.predict.faces import PhotoFaces
from agegender.predict.finding import is_address
from agegender.predict.photos import read_photo

_KEPT = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}


class AnnotatedFolder:
    """A folder that gets one annotated picture a photo.

    Args:
        folder: Made where absent; files of former runs are replaced.

    Raises:
        DataError: If the folder cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._used: set[str] = set()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def save_all(
        self, answers: Iterable[PhotoFaces], workers: int
    ) -> Iterator[PhotoFaces]:
        """Draw each answer as it passes, in threads.

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

    def save(self, answer: PhotoFaces) -> Path | None:
        """Draw an answer on its photo, under the photo's name.

        JPEG and PNG stay what they are, other formats become PNG. The second photo
        of a name is written as `name-2`.

        Args:
            answer: With its pixels, or of a photo that was given by its path.

        Returns:
            The file; None where the photo could not be read.

        Raises:
            DataError: If the picture would replace a photo or cannot be written.
        """
        return _draw(answer, self.name(answer.source))

    def name(self, source: str) -> Path:
        """Take the next free name for a photo's picture.

        Also for photos that a former run has drawn, so that those after them get
        the names that they would have had.

        Args:
            source: The photo's path or address.

        Raises:
            DataError: If the picture would replace a photo.
        """
        photo = Path(urlsplit(source).path if is_address(source) else source)
        if photo.parent.resolve() == self._folder.resolve():
            raise DataError(
                f"annotated pictures would replace the photos in {self._folder}. "
                "Name another folder."
            )
        suffix = photo.suffix if photo.suffix.lower() in _KEPT else ".png"
        stem, number = photo.stem or "photo", 1
        name = f"{stem}{suffix}"
        # Some file systems take A.jpg and a.jpg for one file.
        while name.casefold() in self._used:
            number += 1
            name = f"{stem}-{number}{suffix}"
        self._used.add(name.casefold())
        return self._folder / name


def _draw(answer: PhotoFaces, target: Path) -> Path | None:
    if answer.error is not None:
        return None
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
    return target


def _unwritable(path: Path, error: OSError) -> DataError:
    reason = error.strerror or type(error).__name__
    return DataError(f"annotated pictures: {path} cannot be written: {reason}.")
