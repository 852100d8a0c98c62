"""Answers as one text: a table for people, JSON for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence

from agegender.notice import NOTICE
from agegender.predict.faces import PhotoFaces

HEADINGS = ("photo", "face", "age", "interval", "gender", "sure", "found", "box")
RIGHT_ALIGNED = frozenset({"face", "age", "sure", "found"})
DOUBT = "?: too unsure to be an answer (--abstain)."


def to_table(answers: Sequence[PhotoFaces]) -> str:
    """Lay answers out for reading: aligned columns, then what they are not for.

    Args:
        answers: As `Predictor.predict` gives them.

    Returns:
        Text without a newline at its end.
    """
    lines = [line for answer in answers for line in _table_rows(answer)]
    cells = [HEADINGS, *(line for line in lines if len(line) == len(HEADINGS))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    first = max([widths[0], *(len(line[0]) for line in lines)])
    laid = [_aligned(line, [first, *widths[1:]]) for line in [HEADINGS, *lines]]
    doubts = any(face.abstained for answer in answers for face in answer.faces)
    return "\n".join([*laid, "", *[DOUBT] * doubts, NOTICE])


def to_json(answers: Iterable[PhotoFaces], model: str) -> str:
    """Write answers as one JSON object.

    Args:
        answers: As `Predictor.predict` gives them.
        model: Name of the model that answered.

    Returns:
        An object with `model`, `photos` and `limits`.
    """
    photos = [answer.to_dict() for answer in answers]
    whole = {"model": model, "photos": photos, "limits": NOTICE}
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)


def _table_rows(answer: PhotoFaces) -> Iterator[tuple[str, ...]]:
    if not answer.faces:
        yield (answer.source, answer.reason or "")
    for number, face in enumerate(answer.faces, start=1):
        score = face.detection_score
        doubt = dict.fromkeys(face.abstained, "?")
        yield (
            answer.source,
            str(number),
            f"{face.age:.0f}{doubt.get('age', '')}",
            f"{face.age_low:.0f}-{face.age_high:.0f}",
            face.gender + doubt.get("gender", ""),
            f"{face.gender_probability:.2f}",
            "-" if score is None else f"{score:.2f}{doubt.get('face', '')}",
            " ".join(f"{edge:.0f}" for edge in face.box),
        )


def _aligned(line: tuple[str, ...], widths: list[int]) -> str:
    if len(line) < len(HEADINGS):
        return f"{line[0]:<{widths[0]}}  {line[1]}"
    cells = [
        cell.rjust(width) if heading in RIGHT_ALIGNED else cell.ljust(width)
        for cell, width, heading in zip(line, widths, HEADINGS, strict=True)
    ]
    return "  ".join(cells).rstrip()
