"""Finding photos in files and folders, and reading whatever a caller hands in."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from agegender.config import PhotoLimits
from agegender.data.photo import decode_photo
from agegender.errors import DataError

Photo: TypeAlias = str | Path | bytes | NDArray[np.uint8] | Image.Image
"""A path, an encoded photo, RGB pixels (H, W, 3) or a Pillow image."""

EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
)
"""What counts as a photo in a folder; a file named outright is always tried."""


def find_photos(paths: Iterable[str | Path], *, recursive: bool = False) -> list[Path]:
    """List the photos that files and folders stand for.

    Args:
        paths: Files, taken whatever they are called, and folders, searched for
            photos by extension; hidden files are left out.
        recursive: Search folders inside folders too.

    Returns:
        In the order given, sorted inside each folder, none twice.

    Raises:
        DataError: If a path does not exist or a folder holds no photo.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            found.update(dict.fromkeys(_photos_in(path, recursive)))
        elif path.exists():
            found[path] = None
        else:
            raise DataError(f"no photo or folder at {path}. Check the path.")
    return list(found)


def _photos_in(folder: Path, recursive: bool) -> list[Path]:
    photos = sorted(
        path
        for path in folder.glob("**/*" if recursive else "*")
        if path.suffix.lower() in EXTENSIONS
        and not path.name.startswith(".")
        and path.is_file()
    )
    if not photos:
        hint = "" if recursive else " Search its subfolders with --recursive."
        kinds = " ".join(sorted(extension[1:] for extension in EXTENSIONS))
        raise DataError(f"folder {folder} holds no photo ({kinds}).{hint}")
    return photos


def read_photo(photo: Photo, limits: PhotoLimits = PhotoLimits()) -> NDArray[np.uint8]:
    """Turn whatever holds a photo into upright RGB pixels.

    Args:
        photo: A path, an encoded photo, pixels or a Pillow image.
        limits: How large an encoded photo may be.

    Returns:
        uint8, (H, W, 3), RGB.

    Raises:
        DataError: If it cannot be read, is too large or is no photo.
    """
    if isinstance(photo, bytes):
        _refuse_large(len(photo), limits)
        return decode_photo(photo, limits.pixels)
    if isinstance(photo, str | Path):
        return decode_photo(_bytes_of(Path(photo), limits), limits.pixels)
    if isinstance(photo, Image.Image):
        return _pixels_of(photo)
    return _checked(photo)


def _bytes_of(path: Path, limits: PhotoLimits) -> bytes:
    try:
        _refuse_large(path.stat().st_size, limits)
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be read: {reason}.") from error


def _refuse_large(size: int, limits: PhotoLimits) -> None:
    if size > limits.bytes:
        raise DataError(
            f"photo of {size:,} bytes; at most {limits.bytes:,}. Send a smaller one."
        )


def _pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    try:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError) as error:
        raise DataError(f"image cannot be read: {error}.") from error


def _checked(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    wanted = "uint8 pixels of shape (H, W, 3), RGB"
    if not isinstance(photo, np.ndarray):
        raise DataError(
            f"a photo is a path, bytes, a Pillow image or {wanted}. "
            f"Received: {type(photo).__name__}."
        )
    if photo.dtype != np.uint8 or photo.shape[2:] != (3,):
        raise DataError(
            f"an array photo needs {wanted}. Received: {photo.dtype} {photo.shape}."
        )
    if photo.size == 0:
        raise DataError(f"an array photo needs pixels. Received: {photo.shape}.")
    return photo
