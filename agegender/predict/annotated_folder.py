"""Annotated photos as files: each whole, none over another, none over its photo."""

import os
from pathlib import Path

from agegender.errors import DataError
from agegender.predict.annotate import annotate
from agegender.predict.faces import PhotoFaces
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

    def save(self, answer: PhotoFaces) -> Path | None:
        """Draw an answer on its photo, under the photo's name.

        JPEG and PNG stay what they are, other formats become PNG. The second photo
        of a name is written as `name-2`.

        Args:
            answer: Of a photo that was given by its path.

        Returns:
            The file; None where the photo could not be read.

        Raises:
            DataError: If the picture would replace a photo or cannot be written.
        """
        if answer.error is not None:
            return None
        source = Path(answer.source)
        target = self._target(source)
        picture = annotate(read_photo(source), answer.faces)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        form = _KEPT[target.suffix.lower()]
        try:
            picture.save(part, form, quality=92)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _unwritable(target, error) from error
        return target

    def _target(self, source: Path) -> Path:
        """Return a path that no photo of this run has had."""
        if self._folder.resolve() == source.parent.resolve():
            raise DataError(
                f"annotated pictures would replace the photos in {self._folder}. "
                "Name another folder."
            )
        suffix = source.suffix if source.suffix.lower() in _KEPT else ".png"
        name, number = f"{source.stem}{suffix}", 1
        # Some file systems take A.jpg and a.jpg for one file.
        while name.casefold() in self._used:
            number += 1
            name = f"{source.stem}-{number}{suffix}"
        self._used.add(name.casefold())
        return self._folder / name


def _unwritable(path: Path, error: OSError) -> DataError:
    reason = error.strerror or type(error).__name__
    return DataError(f"annotated pictures: {path} cannot be written: {reason}.")
