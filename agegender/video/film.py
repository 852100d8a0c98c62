"""Frames of a film or a camera, each upright and with its time."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.rational import AVRational
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from agegender.errors import DataError

SHORT_BY: Final = 0.5
"""Seconds by which a film may end before its time and still count as whole."""

USUAL: Final = Fraction(25)
"""Frames a second where a film does not say, or says nonsense."""

FASTEST: Final = 1000
"""Frames a second above which it is nonsense."""

SQUEEZED: Final = 4
"""Times that a film may be squeezed to one side; beyond, what it says is nonsense."""

ANEW: Final = 1.0
"""Seconds back by which time does not err, but begins anew: two films in one file."""


class Frame:
    """One picture of a film.

    Args:
        picture: As decoded; turned and made RGB when asked for.
        number: From 0.
        ticks: Time since the first frame, in units of the film's `time_base`.
        seconds: The same in seconds.
        size: Width and height that the film is shown at, before it is turned, pixels.
    """

    def __init__(
        self,
        picture: VideoFrame,
        number: int,
        ticks: int,
        seconds: float,
        size: tuple[int, int],
    ) -> None:
        self._picture = picture
        self.number = number
        self.ticks = ticks
        self.seconds = seconds
        self._size = size

    def pixels(self) -> NDArray[np.uint8]:
        """Return the upright picture, uint8 (H, W, 3), RGB.

        Raises:
            DataError: If it is of a kind that cannot be turned into RGB.
        """
        width, height = self._size
        # A film may change its size on the way; ours stays that of its head.
        try:
            rgb = self._picture.reformat(width, height, "rgb24").to_ndarray()
        except (FFmpegError, ValueError) as error:
            raise DataError(f"frame {self.number} cannot be read: {error}.") from error
        return np.ascontiguousarray(np.rot90(rgb, round(self._picture.rotation / 90)))


class Film:
    """A film or a camera, open for reading; made by `opening.open_film`.

    Args:
        name: For messages.
        container: The open file or device.
        stream: Of its video.

    `time_base` is the unit of its frames' ticks, in seconds; `rate` its frames a
    second on average; `frames` about how many there are, 0 where nobody knows;
    `size` its width and height as shown, before it is turned, in pixels.
    """

    def __init__(
        self, name: str, container: InputContainer, stream: VideoStream
    ) -> None:
        self.name = name
        self._container = container
        self._stream = stream
        self.time_base = _fraction(stream.time_base) or Fraction(1, 1000)
        rate = _fraction(stream.average_rate) or _fraction(stream.guessed_rate)
        self.rate = rate if 0 < rate <= FASTEST else USUAL
        self._length = _length(container, stream)
        self.frames = stream.frames or round(self._length * self.rate)
        self.size = _shown_size(stream)
        self._damaged = 0
        self._end = 0.0

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that can be decoded, in order; once."""
        step = max(1, round(1 / (self.rate * self.time_base)))
        far_back = ANEW / self.time_base
        first: int | None = None
        ticks = -step
        for number, picture in enumerate(self._pictures()):
            stamp = picture.pts
            if first is None:
                first = 0 if stamp is None else stamp
            if stamp is not None and stamp - first < ticks - far_back:
                first = stamp - ticks - step
            # Time never stands still, and some films do not tell it.
            following = ticks + step if stamp is None else stamp - first
            ticks = max(following, ticks + 1)
            self._end = float((ticks + step) * self.time_base)
            seconds = float(ticks * self.time_base)
            yield Frame(picture, number, ticks, seconds, self.size)

    @property
    def fault(self) -> str | None:
        """What was wrong with a film that was read to its end; None if nothing."""
        if self._end < self._length - SHORT_BY:
            return (
                f"{self.name} ends after {self._end:.1f} of {self._length:.1f} seconds:"
                " it was cut short."
            )
        if self._damaged:
            return f"{self.name} is damaged: {self._damaged} pieces cannot be read."
        return None

    def _pictures(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError:
                self._damaged += 1
                return
            pictures: list[VideoFrame] = []
            try:
                pictures = packet.decode()
            except FFmpegError:
                self._damaged += 1
            self._damaged += sum(picture.is_corrupt for picture in pictures)
            yield from pictures


def _length(container: InputContainer, stream: VideoStream) -> float:
    """Return the seconds that a film says it lasts; 0 where it does not."""
    if stream.duration:
        return float(stream.duration * _fraction(stream.time_base))
    # That of the file, whose sound may well go on longer than its pictures.
    if container.streams.audio or not container.duration:
        return 0.0
    return container.duration / av.time_base


def _shown_size(stream: VideoStream) -> tuple[int, int]:
    """Return width and height in square pixels; those of DVDs and tapes are not."""
    width, height = stream.codec_context.width, stream.codec_context.height
    shape = _fraction(stream.sample_aspect_ratio)
    is_told = Fraction(1, SQUEEZED) <= shape <= SQUEEZED
    return (max(1, round(width * shape)), height) if is_told else (width, height)


def _fraction(number: AVRational | Fraction | None) -> Fraction:
    """Return FFmpeg's number as Python's; 0 where it is none."""
    return Fraction(number.numerator, number.denominator) if number else Fraction(0)
