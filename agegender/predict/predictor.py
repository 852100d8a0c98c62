"""Photos in, faces out: decode, detect, crop, and ask the network in batches.

Photos are read a few at a time and only their crops are kept, so memory does not
grow with the number of photos. Crops of several photos share a batch, since the
network answers many faces at once far faster than one by one.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import IOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agegender.config import AbstainRules, PhotoLimits
from agegender.cores import usable_cores
from agegender.data.faces import cut_face
from agegender.data.photo import decode_photo
from agegender.detect import Detection, Detector
from agegender.errors import ConfigError, DataError
from agegender.model.ages import point_age
from agegender.model.network import AgeGender, Network
from agegender.predict.ahead import in_order
from agegender.predict.answers import Answers
from agegender.predict.faces import Face, PhotoFaces, abstentions
from agegender.predict.photos import (
    Photo,
    content_of,
    printable,
    read_photo,
    told_name,
)

BATCH_SIZE = 64

_PICTURE_RANKS = {2, 3}
"""Dimensions of one picture; one of grey levels is refused, once."""

MAX_KEPT_BYTES = 2**28
"""Pixels of photos that wait for their batch; beyond, it is asked about early."""

Reader = Callable[[Photo, PhotoLimits], bytes | NDArray[np.uint8]]
"""Turns what was given into an encoded photo or pixels, or raises `DataError`."""


@dataclass(frozen=True)
class _Seen:
    """A photo after detection: what is kept of it until its batch is full."""

    source: str
    detections: list[Detection]
    crops: list[NDArray[np.uint8]]
    error: str | None = None
    left_out: int = 0
    pixels: NDArray[np.uint8] | None = None

    @property
    def bytes(self) -> int:
        return 0 if self.pixels is None else self.pixels.nbytes


class Predictor:
    """Finds faces and tells their apparent age and gender; safe across threads.

    Args:
        network: The exported network; its crop rule decides how faces are cut.
        detector: Finds the faces.
        interval: Share of faces, 0..1, whose age is to lie in its interval; kept
            where the network was calibrated, else the network's own belief.
        abstain: When an answer is too unsure to be one.
        limits: How large a photo may be, and how many faces of it are answered.
        keep_distribution: Keep all 101 age probabilities of each face.
        name: Of the model, to be told beside its answers.
        reader: Reads the photos.
    """

    def __init__(
        self,
        network: Network,
        detector: Detector,
        interval: float = 0.9,
        *,
        abstain: AbstainRules = AbstainRules(),
        limits: PhotoLimits = PhotoLimits(),
        keep_distribution: bool = False,
        name: str = "",
        reader: Reader = content_of,
    ) -> None:
        if not 0.0 < interval < 1.0:
            raise ConfigError(
                f"interval must be above 0 and below 1. Received: {interval}."
            )
        self.network = network
        self.detector = detector
        self.interval = interval
        self.abstain = abstain
        self.limits = limits
        self.keep_distribution = keep_distribution
        self.name = name
        self.reader = reader

    def predict(
        self,
        photos: Photo | Iterable[Photo],
        batch_size: int = BATCH_SIZE,
        workers: int | None = None,
        *,
        keep_pixels: bool = False,
    ) -> Answers:
        """Tell the faces of each photo, in the order given.

        Args:
            photos: Paths, encoded photos, pixels or Pillow images, or one of these;
                read as answers are taken, a few ahead, images as they are handed
                in. A bad one spoils its own answer alone.
            batch_size: Faces, and photos, that share one call of the network.
            workers: Threads that read photos and find their faces; None for one a
                core. Each holds one decoded photo.
            keep_pixels: Hand the photo out with its answer, to be drawn on.

        Returns:
            One answer a photo.

        Raises:
            ConfigError: If the batch size or the number of workers is below 1.
            DataError: If an open file is given for photos.
        """
        require_workable(batch_size, workers)
        seen = in_order(
            lambda numbered: self._look(*numbered, keep_pixels=keep_pixels),
            enumerate(map(_taken, _several(photos)), start=1),
            workers or usable_cores(),
        )
        return Answers(self._answers(seen, batch_size), self.name)

    def _answers(
        self, photos: Iterator[_Seen], batch_size: int
    ) -> Iterator[PhotoFaces]:
        batch: list[_Seen] = []
        faces = kept = 0
        for seen in photos:
            batch.append(seen)
            faces += len(seen.crops)
            kept += seen.bytes
            # Photos count too: a long row without faces must not wait for ever.
            if max(faces, len(batch)) >= batch_size or kept >= MAX_KEPT_BYTES:
                yield from self._ask(batch, batch_size)
                batch, faces, kept = [], 0, 0
        yield from self._ask(batch, batch_size)

    def _look(self, number: int, photo: Photo, *, keep_pixels: bool) -> _Seen:
        """Read one photo and cut its faces out."""
        source = _name(photo, number)
        try:
            encoded, pixels = self._read(photo)
            found = self.detector.detect(pixels)
            detections = found[: self.limits.faces]
            rule = self.network.crop_rule
            boxes = (None if one.is_crop else one.box for one in detections)
            crops = [cut_face(encoded, pixels, box, rule) for box in boxes]
        except DataError as error:
            return _Seen(source, [], [], printable(str(error)))
        except MemoryError:
            return _Seen(source, [], [], "photo needs more memory than there is.")
        left_out = len(found) - len(detections)
        kept = pixels if keep_pixels else None
        return _Seen(source, detections, crops, None, left_out, kept)

    def _read(self, photo: Photo) -> tuple[bytes | None, NDArray[np.uint8]]:
        """Return the photo's bytes, if it came so, and its pixels."""
        content = self.reader(photo, self.limits)
        if not isinstance(content, bytes):
            return None, content
        return content, decode_photo(content, self.limits.pixels)

    def _ask(self, batch: list[_Seen], batch_size: int) -> Iterator[PhotoFaces]:
        """Ask the network about all crops of a batch and deal the answers out."""
        crops = [crop for seen in batch for crop in seen.crops]
        found = [detection for seen in batch for detection in seen.detections]
        faces: Iterator[Face] = iter(())
        if crops:
            answer = self.network.predict(np.stack(crops), batch_size)
            faces = iter(self._faces(found, answer))
        for seen in batch:
            own = tuple(next(faces) for _ in seen.crops)
            yield PhotoFaces(seen.source, own, seen.error, seen.left_out, seen.pixels)

    def _faces(self, found: list[Detection], answer: AgeGender) -> Iterator[Face]:
        probabilities = answer.age_probabilities
        age = point_age(probabilities, self.network.point)
        fitted = self.network.calibration
        low, high = fitted.age_interval(probabilities, self.interval)
        # A long thin tail can pull the age out of the interval: stretch it.
        low, high = np.minimum(low, age), np.maximum(high, age)
        columns = (age, low, high, answer.male_probability)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        faces = (
            Face(one.box, _points(one), one.score, *row)
            for one, row in zip(found, rows, strict=True)
        )
        for face, distribution in zip(faces, probabilities, strict=True):
            kept = tuple(distribution.tolist()) if self.keep_distribution else None
            abstained = abstentions(face, self.abstain)
            yield replace(face, age_probabilities=kept, abstained=abstained)


def require_workable(batch_size: int, workers: int | None) -> None:
    """Raise `ConfigError` if the batch size or the number of workers is below 1."""
    for what, number in {"batch size": batch_size, "workers": workers}.items():
        if number is not None and number < 1:
            raise ConfigError(f"{what} must be at least 1. Received: {number}.")


def _several(photos: Photo | Iterable[Photo]) -> Iterable[Photo]:
    """Return photos, of one as of many."""
    if isinstance(photos, np.ndarray):
        return [photos] if photos.ndim in _PICTURE_RANKS else photos
    if isinstance(photos, str | Path | bytes | bytearray | memoryview | Image.Image):
        return [photos]
    if isinstance(photos, IOBase):
        raise DataError("an open file is no photo. Give its path, or what it holds.")
    return photos


def _taken(photo: Photo) -> Photo:
    """Read an image at once: the generator that gave it may close it as it goes on."""
    if isinstance(photo, Image.Image):
        with suppress(DataError, MemoryError):  # told with its answer
            return read_photo(photo)
    return photo


def _name(photo: Photo, number: int) -> str:
    is_named = isinstance(photo, str | Path)
    return told_name(str(photo)) if is_named else f"photo {number}"


def _points(found: Detection) -> tuple[tuple[float, float], ...] | None:
    if found.landmarks is None:
        return None
    return tuple((float(x), float(y)) for x, y in found.landmarks)
