"""Reading whatever a caller hands in for a photo."""

from pathlib import Path
from stat import S_ISREG
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agegender.config import PhotoLimits
from agegender.data.address import shown
from agegender.data.photo import BROKEN_PICTURE, decode_photo, upright_rgb
from agegender.errors import DataError, first_line
from agegender.plain_text import spelled_out
from agegender.predict.finding import is_address

Photo: TypeAlias = (
    str | Path | bytes | bytearray | memoryview | NDArray[np.uint8] | Image.Image
)
"""A path, an encoded photo, RGB pixels (H, W, 3) or a Pillow image."""


def printable(name: str) -> str:
    """Spell out what of a file's name is no text, so that it can be written.

    Names may hold line breaks and orders to a terminal, too.
    """
    return spelled_out(name, r"\t\n\r\ud800-\udfff")


def told_name(photo: str) -> str:
    """Return what a photo is called in its answer: an address without its password."""
    return printable(shown(photo) if is_address(photo) else photo)


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
    content = content_of(photo, limits)
    return (
        decode_photo(content, limits.pixels) if isinstance(content, bytes) else content
    )


def content_of(photo: Photo, limits: PhotoLimits) -> bytes | NDArray[np.uint8]:
    """Return an encoded photo's bytes, or the pixels of one that is decoded.

    Args:
        photo: A path, an encoded photo, pixels or a Pillow image.
        limits: How large an encoded photo may be.

    Raises:
        DataError: If it cannot be read, is too large or is no photo.
    """
    if isinstance(photo, bytes | bytearray | memoryview):
        _refuse_large(memoryview(photo).nbytes, limits)
        return bytes(photo)
    if isinstance(photo, str) and is_address(photo):
        raise DataError("it is an address, and nothing is fetched. Give its bytes.")
    if isinstance(photo, str | Path):
        return _bytes_of(Path(photo), limits)
    if isinstance(photo, Image.Image):
        return _pixels_of(photo)
    return _checked(photo)


def _bytes_of(path: Path, limits: PhotoLimits) -> bytes:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            # Pipes and devices might never end.
            raise DataError(f"{path} cannot be read: it is no file.")
        _refuse_large(status.st_size, limits)
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
        return upright_rgb(image)
    except BROKEN_PICTURE as error:
        reason = first_line(error).rstrip(".")
        raise DataError(f"image cannot be read: {reason}.") from error
    # Whichever Pillow raises, by its version, of an image that was closed.
    except (AssertionError, AttributeError) as error:
        raise DataError(
            "image cannot be read: it was closed before. Give its path."
        ) from error


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
