"""An annotated film as MP4, its times those of the original."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image

from agegender.errors import DataError
from agegender.video.unfinished import unfinished

SETTINGS: Final = {
    "libx264": {"crf": "20", "preset": "veryfast"},
    "mpeg4": {"q": "3"},
}
"""Codec -> what it is told; the first that FFmpeg was built with is taken."""

_OF_BT709: Final = 1
"""FFmpeg's number for the colours of HD, in the head of a film."""


class FilmWriter:
    """A film that is being written; made by `film_writer`.

    Args:
        container: The open file.
        time_base: Unit of the ticks, in seconds.
        rate: Frames a second on average.
    """

    def __init__(
        self, container: OutputContainer, time_base: Fraction, rate: Fraction
    ) -> None:
        self._container = container
        self._time_base = time_base
        self._rate = rate
        self._stream: VideoStream | None = None

    def write(self, picture: Image.Image, ticks: int) -> None:
        """Append a picture.

        Args:
            picture: RGB; all of one size.
            ticks: When it is first seen; later than the one before.
        """
        # Colours are stored for squares of four pixels, so both sides must be even.
        odd = [(0, side % 2) for side in (picture.height, picture.width)]
        pixels = np.pad(np.asarray(picture), (*odd, (0, 0)), mode="edge")
        if self._stream is None:
            height, width, _ = pixels.shape
            self._stream = self._begin(width, height)
        frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709
        )
        frame.pts, frame.time_base = ticks, self._time_base
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds back.

        Raises:
            DataError: If nothing was ever written.
        """
        if self._stream is None:
            raise DataError("the film holds no frame that can be decoded.")
        self._container.mux(self._stream.encode(None))

    def _begin(self, width: int, height: int) -> VideoStream:
        codec = next(name for name in SETTINGS if name in av.codecs_available)
        stream = self._container.add_stream(codec, self._rate, SETTINGS[codec])
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = self._time_base
        context.colorspace = context.color_primaries = context.color_trc = _OF_BT709
        return stream


@contextmanager
def film_writer(
    path: Path, time_base: Fraction, rate: Fraction
) -> Iterator[FilmWriter]:
    """Write a film, whole or not at all.

    Args:
        path: The MP4 file; replaced if present.
        time_base: Unit of the frames' ticks, in seconds.
        rate: Frames a second on average.

    Raises:
        DataError: If it cannot be written.
    """
    head_first = {"movflags": "+faststart"}
    with (
        unfinished(path) as part,
        av.open(str(part), "w", format="mp4", container_options=head_first) as file,
    ):
        writer = FilmWriter(file, time_base, rate)
        yield writer
        writer.finish()
