"""Answers as rows: the one place that says which columns there are.

CSV, Parquet and pandas have the same ones. A photo has a row for each of its
faces, and one that says why where it has none, so that no photo is missing.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from agegender.notice import NOTICE_SHORT
from agegender.predict.faces import Face, PhotoFaces

if TYPE_CHECKING:
    import pandas as pd

Value = str | int | float | None

COLUMNS: Final[dict[str, type]] = {
    "photo": str,  # as given
    "face": int,  # from 1, the surest first
    "left": float,
    "top": float,
    "right": float,
    "bottom": float,
    "detection_score": float,
    "age": float,
    "age_low": float,
    "age_high": float,
    "gender": str,
    "male_probability": float,
    "abstained": str,  # parts, a blank between
    "reason": str,  # why there is no face
    "left_out": int,  # faces of the photo beyond as many as are answered
    "model": str,
    "limits": str,
}
"""Name and type of each column; all but `photo`, `left_out`, `model` and `limits`
may be empty."""

_PANDAS: Final = {str: "string", int: "Int64", float: "float64"}


def rows_of(answer: PhotoFaces, model: str) -> Iterator[dict[str, Value]]:
    """Yield the rows of one photo, at least one, each with every column.

    Args:
        answer: As `Predictor.predict` gives it.
        model: Name of the model that answered.
    """
    shared: dict[str, Value] = dict.fromkeys(COLUMNS)
    shared |= {
        "photo": answer.source,
        "left_out": answer.left_out,
        "model": model,
        "limits": NOTICE_SHORT,
    }
    if not answer.faces:
        yield shared | {"reason": answer.reason}
    for number, face in enumerate(answer.faces, start=1):
        yield shared | {"face": number} | _face(face)


def frame_of(answers: Iterable[PhotoFaces], model: str) -> "pd.DataFrame":
    """Lay answers out as a data frame, one row a face.

    Args:
        answers: As `Predictor.predict` gives them.
        model: Name of the model that answered.

    Returns:
        The columns of `COLUMNS`, text, nullable integers and float64, rounded to
        what they are worth.
    """
    import pandas as pd  # noqa: PLC0415 - half a second

    rows = [row for answer in answers for row in rows_of(answer, model)]
    kinds = {name: _PANDAS[kind] for name, kind in COLUMNS.items()}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)


def _face(face: Face) -> dict[str, Value]:
    values = face.to_dict()
    edges = dict(zip(("left", "top", "right", "bottom"), values["box"], strict=True))
    values["abstained"] = " ".join(values["abstained"])
    return edges | {name: values[name] for name in COLUMNS if name in values}
