"""From a film to its people with an apparent age and gender: `video`."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from agegender.config import AbstainRules
from agegender.errors import ConfigError, DataError
from agegender.progress import Progress, silent
from agegender.steps.loading import AUTO, load
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.video.film import Frame

INTERRUPTED: Final = 130


def video(
    file: str,
    out: str | None = None,
    model: str = AUTO,
    every: int = 3,
    seconds: float | None = None,
    interval: float = 0.9,
    abstain: AbstainRules = AbstainRules(),
    progress: Progress = silent,
) -> Outcome:
    """Tell the apparent age and gender of the people in a film.

    Args:
        file: A film, or the number of a camera; 0 is the first.
        out: File to write: an annotated film (.mp4, without sound), or a line for
            each look and each person (.jsonl).
        model: models:/agegender@alias, models:/agegender/3, a .onnx file, `starter`
            (the small model that comes with agegender), or `auto`: the champion
            where there is one, else the starter.
        every: Look for faces in every so many frames; between two looks they are
            moved in a straight line.
        seconds: Stop after so many seconds of the film; by default at its end, or
            at Ctrl-C, which keeps what is there.
        interval: Share of faces, above 0 and below 1, whose age is to lie in its
            interval.
        abstain: When an answer is too unsure to be one: it gets a question mark.
        progress: Called after each frame.

    Returns:
        The people in the order in which they came; exit code 3 if there were none or
        the film was cut short or damaged, 130 if interrupted.
    """
    from agegender.video.lines import film_line
    from agegender.video.opening import open_film
    from agegender.video.people import Person, to_table
    from agegender.video.record import out_path, recorded
    from agegender.video.stopping import asked_to_stop
    from agegender.video.watching import Watcher

    if seconds is not None and seconds <= 0.0:
        raise ConfigError(f"seconds must be above 0. Received: {seconds}.")
    path = out_path(out, file)
    with open_film(file) as film:
        predictor, uri = load(model, interval=interval, abstain=abstain)
        watcher = Watcher(predictor, every)
        people: list[Person] = []
        with (
            recorded(path, film, film_line(film, uri, every, interval)) as record,
            asked_to_stop() as stop,
        ):
            frames = _told(_until(film, seconds, stop.is_set), film.frames, progress)
            for event in watcher.watch(frames):
                record(event)
                if isinstance(event, Person):
                    people.append(event)
        fault = None if stop.is_set() or seconds is not None else film.fault
    people.sort(key=lambda person: person.track)
    data = {"model": uri, "film": file, "people": [one.to_dict() for one in people]}
    text = to_table(people) + (f"\n{path}" if path is not None else "")
    if stop.is_set():
        complaint = "interrupted; what was seen until then is told."
        return Outcome(data, text, exit_code=INTERRUPTED, complaint=complaint)
    if fault is None and people:
        return Outcome(data, text)
    complaint = fault or f"no face in {film.name}."
    return Outcome(data, text, exit_code=DataError.exit_code, complaint=complaint)


def _until(
    frames: Iterable["Frame"], seconds: float | None, is_over: Callable[[], bool]
) -> Iterator["Frame"]:
    for frame in frames:
        if is_over() or (seconds is not None and frame.seconds >= seconds):
            return
        yield frame


def _told(
    frames: Iterable["Frame"], total: int, progress: Progress
) -> Iterator["Frame"]:
    for frame in frames:
        yield frame
        # How many there are is a guess of the film's, and may be too low.
        done = frame.number + 1
        progress(min(done, total) if total else done, total, "watching frames")
