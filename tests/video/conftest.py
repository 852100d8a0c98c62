"""Films made here: drawn people who move before a drawn background."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from agegender.data.sample.camera import background
from agegender.data.sample.look import Look
from agegender.data.sample.person import Person
from agegender.data.sample.portrait import draw_portrait
from agegender.data.sample.pose import Pose
from agegender.detect import MtcnnDetector
from agegender.model.network import Network
from agegender.model.starter import starter_file
from agegender.predict.predictor import Predictor

WIDTH, HEIGHT, TILE = 320, 240, 110
Film = Iterator[NDArray[np.uint8]]


class Walk(NamedTuple):
    """Somebody's way through the picture: left and top of their tile, in pixels."""

    age: float
    male: bool
    start: tuple[float, float]
    end: tuple[float, float]


CROSSING = (
    Walk(30, False, (0, 20), (45, 40)),
    Walk(70, True, (205, 110), (160, 100)),
)
"""Two people who come towards each other and do not meet."""


class Studio(NamedTuple):
    """Makes films in a folder."""

    folder: Path

    def people(self, frames: int = 20) -> Film:
        """Yield frames, uint8 (240, 320, 3), of people on their ways."""
        ground = background(np.random.default_rng(9), (WIDTH, HEIGHT))
        tiles = [_portrait(walk, seed) for seed, walk in enumerate(CROSSING)]
        for number in range(frames):
            share = number / max(frames - 1, 1)
            picture = ground.copy()
            for walk, tile in zip(CROSSING, tiles, strict=True):
                spot = (1 - share) * np.array(walk.start) + share * np.array(walk.end)
                picture.paste(tile, tuple(np.rint(spot).astype(int).tolist()))
            yield np.asarray(picture)

    def plain(self, frames: int = 20) -> Film:
        """Yield frames that are white in their upper left corner, else black."""
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        frame[: HEIGHT // 2, : WIDTH // 2] = 255
        return (frame for _ in range(frames))

    def film(
        self,
        name: str,
        frames: Film,
        ticks: Callable[[int], int] = lambda number: 100 * number,
        rotation: int = 0,
        shape: Fraction = Fraction(1),
    ) -> Path:
        """Write a film; ticks are thousandths of a second, ten frames a second.

        `shape` is the width of a pixel over its height.
        """
        path, unit = self.folder / name, Fraction(1, 1000)
        with av.open(str(path), "w") as file:
            stream = file.add_stream("libx264", 10, {"preset": "ultrafast"})
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.set_display_rotation(rotation)
            stream.codec_context.time_base = unit
            stream.codec_context.sample_aspect_ratio = shape
            for number, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = ticks(number), unit
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path


def _portrait(walk: Walk, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    canvas = background(rng, (2 * TILE, 2 * TILE))
    look = Look.draw(rng, Person.draw(rng, male=walk.male), walk.age)
    draw_portrait(canvas, look, Pose(TILE, TILE, 0.62 * TILE), 0.0, rng)
    return canvas.reduce(2)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.fixture(scope="session")
def predictor(detector: MtcnnDetector) -> Predictor:
    return Predictor(Network.load(starter_file(), threads=1), detector)


@pytest.fixture(scope="session")
def detector() -> MtcnnDetector:
    return MtcnnDetector()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two seconds of two people, ten frames a second."""
    studio = Studio(tmp_path_factory.mktemp("film"))
    return studio.film("clip.mp4", studio.people())
