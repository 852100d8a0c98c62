"""A film watched: looked at now and then, its faces followed from look to look."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agegender.errors import ConfigError
from agegender.predict.faces import Face
from agegender.predict.predictor import Predictor
from agegender.video.film import Frame
from agegender.video.people import Average, Person
from agegender.video.scenes import Scenes
from agegender.video.tracks import Tracker

HELD: Final = 16
"""Frames kept in memory, or as many as lie between two looks where these are more."""


class TrackedFace(NamedTuple):
    """A face in a frame.

    Args:
        track: Its number, from 1, the same while it stays in the picture.
        face: Where it is now, with the average of its answers so far.
    """

    track: int
    face: Face


class Seen(NamedTuple):
    """A frame with its faces.

    Args:
        frame: The frame.
        faces: Most certain first.
        is_look: False where the faces were not looked for, but moved in a straight
            line from the look before to the look after.
        is_cut: Another scene began since the look before.
    """

    frame: Frame
    faces: tuple[TrackedFace, ...]
    is_look: bool
    is_cut: bool = False


class _Known:
    """Somebody in the picture."""

    def __init__(self, average: Average, first: float) -> None:
        self._average = average
        self._first = first

    def add(self, face: Face, seconds: float) -> Face:
        self._last, self._face = seconds, self._average.add(face)
        return self._face

    def person(self, number: int) -> Person:
        looks = self._average.looks
        return Person(number, self._first, self._last, looks, self._face)


class Watcher:
    """Watches films; one film each.

    Args:
        predictor: Finds and answers faces.
        every: A look at every so many frames.

    Raises:
        ConfigError: If it would never look.
    """

    def __init__(self, predictor: Predictor, every: int = 1) -> None:
        if every < 1:
            raise ConfigError(f"every must be at least 1. Received: {every}.")
        # Averages need the distributions.
        self._predictor = Predictor(
            predictor.network,
            predictor.detector,
            predictor.interval,
            abstain=predictor.abstain,
            limits=predictor.limits,
            keep_distribution=True,
        )
        self._every = every
        self._tracker = Tracker()
        self._scenes = Scenes()
        self._people: dict[int, _Known] = {}

    def watch(self, frames: Iterable[Frame]) -> Iterator[Seen | Person]:
        """Tell of every frame, in order, and of every person who has gone.

        Args:
            frames: Of a film, numbered from 0, each later than the one before.

        Yields:
            Frames, some time after they were read, since faces are moved to where
            they will be seen next; people, once they are gone for good.
        """
        frames, before, waiting = iter(frames), None, []
        while chunk := list(islice(frames, max(HELD, self._every))):
            looks = self._looks([frame for frame in chunk if self._is_look(frame)])
            for frame in chunk:
                if not self._is_look(frame):
                    waiting.append(frame)
                    continue
                now = next(looks)
                if before is not None:
                    yield from _between(before, waiting, now)
                yield now
                yield from self._gone(self._tracker.followed)
                before, waiting = now, []
        if before is not None:
            yield from (Seen(frame, before.faces, is_look=False) for frame in waiting)
        yield from self._gone(frozenset())

    def _is_look(self, frame: Frame) -> bool:
        return frame.number % self._every == 0

    def _looks(self, frames: list[Frame]) -> Iterator[Seen]:
        """Yield the frames that are looked at, with their faces."""
        cuts: list[bool] = []

        def pictures() -> Iterator[NDArray[np.uint8]]:
            for frame in frames:
                pixels = frame.pixels()
                cuts.append(self._scenes.is_new(pixels))
                yield pixels

        answers = self._predictor.predict(pictures())
        for number, (frame, answer) in enumerate(zip(frames, answers, strict=True)):
            if cuts[number]:
                self._tracker.cut()
            faces = self._followed(answer.faces, frame.seconds)
            yield Seen(frame, faces, is_look=True, is_cut=cuts[number])

    def _followed(
        self, faces: Sequence[Face], seconds: float
    ) -> tuple[TrackedFace, ...]:
        numbers = self._tracker.follow([face.box for face in faces], seconds)
        told = []
        for number, face in zip(numbers, faces, strict=True):
            if number not in self._people:
                self._people[number] = _Known(Average(self._predictor), seconds)
            told.append(TrackedFace(number, self._people[number].add(face, seconds)))
        return tuple(told)

    def _gone(self, staying: Collection[int]) -> Iterator[Person]:
        for number in [one for one in self._people if one not in staying]:
            yield self._people.pop(number).person(number)


def _between(before: Seen, waiting: Iterable[Frame], after: Seen) -> Iterator[Seen]:
    """Yield the frames between two looks, faces on their way from one to the other."""
    later = dict(after.faces)
    whole = after.frame.ticks - before.frame.ticks
    for frame in waiting:
        share = (frame.ticks - before.frame.ticks) / whole
        moved = tuple(
            TrackedFace(number, _moved(face, later.get(number, face), share))
            for number, face in before.faces
        )
        # Nobody knows on which side of a cut it lies.
        yield Seen(frame, () if after.is_cut else moved, is_look=False)


def _moved(face: Face, later: Face, share: float) -> Face:
    edges = zip(face.box, later.box, strict=True)
    left, top, right, bottom = (a + share * (b - a) for a, b in edges)
    return replace(face, box=(left, top, right, bottom), landmarks=None)
