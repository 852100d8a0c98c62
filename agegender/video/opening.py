"""Opening films and cameras."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from agegender.errors import DataError
from agegender.video.camera import camera_address
from agegender.video.film import Film

_PICTURES: Final = ("_pipe", "image2", "gif", "webp")
"""How FFmpeg calls what holds pictures and no film."""

_LISTS: Final = ("hls", "dash", "concat", "sdp")
"""How it calls what names other files."""


@contextmanager
def open_film(source: str) -> Iterator[Film]:
    """Open a film, or a camera by its number.

    Args:
        source: A path, or a number as `0`.

    Raises:
        DataError: If it is missing or no film.
    """
    path = Path(source)
    is_camera = source.isdecimal() and not path.exists()
    container = _open_camera(int(source)) if is_camera else _open_file(path)
    with container:
        name = f"camera {source}" if is_camera else source
        yield Film(name, container, _moving(name, container))


def _open_camera(number: int) -> InputContainer:
    file, kind, options = camera_address(number)
    try:
        return av.open(file, format=kind, options=options)
    except (FFmpegError, ValueError) as error:
        raise DataError(
            f"camera {number} ({kind}, {file}) cannot be opened: {_reason(error)}."
        ) from error


def _open_file(path: Path) -> InputContainer:
    if not path.is_file():
        raise DataError(f"no film at {path}. Give a film's path or a camera's number.")
    try:
        # A list must not even look for what it names elsewhere.
        options = {"protocol_whitelist": "file"}
        container = av.open(str(path.resolve()), options=options)
    except (FFmpegError, ValueError) as error:
        raise DataError(
            f"{path} is no film that can be read: {_reason(error)}."
        ) from error
    if told := _no_film(container.format.name):
        container.close()
        raise DataError(f"{path} is {told}")
    return container


def _no_film(kind: str) -> str | None:
    """Say what a file is, by FFmpeg's name for its format; None for a film."""
    if any(mark in kind for mark in _PICTURES):
        return "a picture. Ask `agegender predict`."
    if any(mark in kind for mark in _LISTS):
        return "a list of films. Name one of them."
    return None


def _moving(name: str, container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        cover = av.stream.Disposition.attached_pic
        if not stream.disposition & cover and stream.codec_context is not None:
            # Frames are decoded on all cores, ahead of what is asked.
            stream.thread_type = "AUTO"
            return stream
    raise DataError(f"{name} holds no moving pictures.")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
