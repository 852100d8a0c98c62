"""Films watched by the starter: who is where, how old, and until when."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agegender.errors import ConfigError
from agegender.predict.predictor import Predictor
from agegender.video.film import Frame
from agegender.video.opening import open_film
from agegender.video.people import Person
from agegender.video.watching import Seen, Watcher


class Watched:
    """A film watched to its end."""

    def __init__(self, path: Path, predictor: Predictor, every: int = 1) -> None:
        with open_film(str(path)) as film:
            self.events = list(Watcher(predictor, every).watch(film))
        self.seen = [event for event in self.events if isinstance(event, Seen)]
        self.people = [event for event in self.events if isinstance(event, Person)]


@pytest.fixture(scope="module")
def every_frame(clip: Path, predictor: Predictor) -> Watched:
    return Watched(clip, predictor)


@pytest.fixture(scope="module")
def every_fourth(clip: Path, predictor: Predictor) -> Watched:
    return Watched(clip, predictor, every=4)


def test_everybody_has_one_number_from_beginning_to_end(every_frame: Watched) -> None:
    assert len(every_frame.people) == 2
    for person in every_frame.people:
        assert person.first == 0.0
        assert person.last == pytest.approx(1.9, abs=0.11)
        assert person.looks >= 19


def test_boxes_follow_the_faces(every_frame: Watched) -> None:
    # The tiles go from 0 to 45 and from 205 to 160, their middles 55 further.
    for seen in every_frame.seen:
        share = seen.frame.number / 19
        middles = sorted((f.box[0] + f.box[2]) / 2 for _, f in seen.faces)
        expected = [55 + 45 * share, 260 - 45 * share]
        assert middles == pytest.approx(expected, abs=6)


def test_age_of_a_face_settles_while_single_answers_jump(
    clip: Path, every_frame: Watched, predictor: Predictor
) -> None:
    with open_film(str(clip)) as film:
        photos = list(predictor.predict(frame.pixels() for frame in film))
    single = [min(photo.faces, key=lambda f: f.box[0]).age for photo in photos]
    smooth = [
        min(seen.faces, key=lambda one: one.face.box[0]).face.age
        for seen in every_frame.seen
    ]
    jumps = [np.abs(np.diff(ages[5:])).max() for ages in (single, smooth)]
    assert jumps[1] < jumps[0] / 3


def test_frames_come_in_order_whatever_is_looked_at(every_fourth: Watched) -> None:
    assert [seen.frame.number for seen in every_fourth.seen] == list(range(20))
    looks = [seen.frame.number for seen in every_fourth.seen if seen.is_look]
    assert looks == [0, 4, 8, 12, 16]


def test_faces_move_in_a_straight_line_between_two_looks(
    every_fourth: Watched,
) -> None:
    def left_of(number: int) -> float:
        faces = every_fourth.seen[number].faces
        return min(face.box[0] for _, face in faces)

    assert left_of(5) == pytest.approx(0.75 * left_of(4) + 0.25 * left_of(8))
    assert left_of(8) > left_of(4) + 5


def test_faces_stay_where_they_were_after_the_last_look(every_fourth: Watched) -> None:
    last = every_fourth.seen[16]
    assert last.faces
    assert every_fourth.seen[19].faces == last.faces


def test_another_scene_has_other_people(studio: Any, predictor: Predictor) -> None:
    first = list(studio.people(frames=6))
    other = [255 - pixels for pixels in studio.plain(1)] * 2
    # The same people come back, and nobody is recognised.
    path = studio.film("cut.mp4", iter([*first, *other, *first]))
    watched = Watched(path, predictor, every=1)
    assert [(p.first, p.looks) for p in watched.people] == [
        *[(0.0, 6)] * 2,
        *[(0.8, 6)] * 2,
    ]


def test_film_that_fills_no_look_is_no_trouble(
    studio: Any, predictor: Predictor
) -> None:
    watched = Watched(studio.film("a.mp4", studio.plain(2)), predictor, every=9)
    assert [seen.faces for seen in watched.seen] == [(), ()]
    assert watched.people == []


def test_memory_holds_few_frames_of_a_long_film(
    clip: Path, predictor: Predictor
) -> None:
    with open_film(str(clip)) as film:
        frame = next(iter(film))
        read = 0

        def endless() -> Iterator[Frame]:
            nonlocal read
            for read in itertools.count():
                yield Frame(frame._picture, read, read, read / 25, film.size)

        events = Watcher(predictor, every=8).watch(endless())
        for event in itertools.islice(events, 64):
            assert isinstance(event, Seen)
            assert read - event.frame.number <= 32


def test_looking_never_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ConfigError, match="Received: 0"):
        Watcher(predictor, every=0)
