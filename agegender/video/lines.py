"""A watched film as lines of JSON: the film, then looks and people as they come."""

import json
from typing import Any

from agegender.notice import NOTICE
from agegender.predict.photos import printable
from agegender.video.film import Film
from agegender.video.people import Person
from agegender.video.watching import Seen


def film_line(film: Film, model: str, every: int, interval: float) -> str:
    """Return the first line: what was watched, by which model, and its limits.

    Args:
        film: The film.
        model: Name of the model that answers.
        every: A look at every so many frames.
        interval: Share of faces whose age is to lie in its interval.
    """
    return _line(
        "film",
        {
            "film": printable(film.name),
            "model": model,
            "every": every,
            "interval": interval,
            "limits": NOTICE,
        },
    )


def look_line(seen: Seen) -> str:
    """Return the line of one look: its time in seconds, and its faces."""
    faces = [
        {"track": number, **_without_landmarks(face.to_dict())}
        for number, face in seen.faces
    ]
    values = {"seconds": round(seen.frame.seconds, 3), "frame": seen.frame.number}
    return _line("look", {**values, "faces": faces})


def person_line(person: Person) -> str:
    """Return the line of somebody who has gone: the average of all looks."""
    return _line("person", person.to_dict())


def _line(kind: str, values: dict[str, Any]) -> str:
    whole = {"kind": kind, **values}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"


def _without_landmarks(face: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in face.items() if name != "landmarks"}
