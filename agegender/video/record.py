"""What is kept of a film that is watched: an annotated film, lines of JSON, nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agegender.errors import ConfigError
from agegender.predict.annotate import annotate
from agegender.video.film import Film
from agegender.video.lines import look_line, person_line
from agegender.video.people import Person
from agegender.video.unfinished import unfinished
from agegender.video.watching import Seen
from agegender.video.writer import film_writer

Record = Callable[[Seen | Person], None]

FILM, LINES = ".mp4", ".jsonl"
KINDS: Final = (FILM, LINES)


def out_path(out: str | None, source: str) -> Path | None:
    """Return where to write, if that can be.

    Args:
        out: The file to write; None for none.
        source: The film that is read.

    Raises:
        ConfigError: If the name says no format of ours, or the film would be replaced.
    """
    if out is None:
        return None
    path = Path(out)
    if path.suffix.lower() not in KINDS or path.is_dir():
        raise ConfigError(
            f"out must be the name of a file in {' or '.join(KINDS)}. Received: {out}."
        )
    if path.exists() and Path(source).exists() and path.samefile(source):
        raise ConfigError(f"out would replace the film {source}. Name another file.")
    return path


@contextmanager
def recorded(out: Path | None, film: Film, first_line: str) -> Iterator[Record]:
    """Give what is to be called with all that is seen; the file is whole or absent.

    Args:
        out: As `out_path` gives it.
        film: The film that is watched.
        first_line: Of a file of lines.

    Raises:
        DataError: If the file cannot be written.
    """
    if out is None:
        yield lambda _: None
    elif out.suffix.lower() == LINES:
        with _lines(out, first_line) as record:
            yield record
    else:
        with film_writer(out, film.time_base, film.rate) as writer:

            def draw(event: Seen | Person) -> None:
                if isinstance(event, Seen):
                    faces = [face for _, face in event.faces]
                    picture = annotate(event.frame.pixels(), faces)
                    writer.write(picture, event.frame.ticks)

            yield draw


@contextmanager
def _lines(out: Path, first_line: str) -> Iterator[Record]:
    with (
        unfinished(out) as part,
        part.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.write(first_line)

        def write(event: Seen | Person) -> None:
            if isinstance(event, Person):
                file.write(person_line(event))
            elif event.is_look:
                file.write(look_line(event))

        yield write
