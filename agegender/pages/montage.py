"""Faces side by side: some that were kept, and some that each rule dropped."""

import base64
import io
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from agegender.data.dropped import A_RULE
from agegender.data.splits import hash_shares
from agegender.pages.figures.panel import GENDERS
from agegender.pages.markup import escape
from agegender.pages.store_view import StoreView

KEPT = 48
LARGEST = 96
"""Side of a picture at most, in pixels."""

MEANINGS: Final = {
    "no_face": "The detector found no face.",
    "weak_face": "The detector was not sure of the face: its score is below the limit.",
    "second_face": "A second face was found, and nobody knows whose the label is.",
    "impossible_age": "The age is unknown or beyond the limits.",
    "unknown_gender": "The gender is not known.",
    "no_path": "The table names no photo.",
    "no_box": "Nobody says where on the photo the face is.",
    "impossible_box": "The box of the face holds no pixel.",
    "missing_file": "The file is not there.",
    "not_a_file": "It is a link or a device, which is not followed.",
    "unsafe_path": "Its name leads out of the data set, or has a backslash.",
    "too_large": "The file is larger than 64 MiB.",
    "box_off_photo": "The box lies beside the photo, or is far larger.",
    "undecodable": "The file is no whole picture.",
    "blank": "The picture is of one tone.",
    "near_uniform": "The picture is nearly of one tone.",
    "conflicting_duplicate": "The same file stands under another age or gender.",
    "malformed_name": "The file's name does not hold the labels.",
    "not_a_picture": "The file is no picture.",
}
"""Rule -> what it means that it dropped a row."""

_TOLD: Final = {"weak_face": "face_score", "second_face": "second_face_score"}


def kept_faces(view: StoreView) -> str:
    """Return some kept faces, chosen by a hash, the young first."""
    labels = view.store.labels
    shares = hash_shares(labels["id"], seed=0)
    chosen = np.argsort(shares, kind="stable")[:KEPT]
    rows = labels.iloc[chosen].sort_values("age", kind="stable")
    faces = view.store.faces[rows.index.to_numpy()]
    captions = [
        f"{age:.0f}, {gender_name(gender)}"
        for age, gender in zip(rows["age"], rows["gender"], strict=True)
    ]
    return _grid(faces, captions, rows["id"].tolist())


def dropped_faces(view: StoreView) -> str:
    """Return for each rule that dropped a row what it means, and pictures of these."""
    losses = {rule: n for rule, n in view.funnel["dropped"].items() if n}
    return "".join(_dropped_by(rule, int(n), view) for rule, n in losses.items())


def gender_name(code: int) -> str:
    """Return the word for a gender's code."""
    return next((name for known, name, _ in GENDERS if known == code), "unknown")


def _dropped_by(rule: str, count: int, view: StoreView) -> str:
    title = f"<h3>{escape(rule)}: {count:,}</h3>"
    meaning = MEANINGS.get(rule, "")
    examples, rows = view.examples, view.rows
    if examples is None or rows is None or rule not in examples.rules:
        told = "None of these can be shown."
        return f"{title}<p>{escape(f'{meaning} {told}')}</p>"
    mine = np.flatnonzero(examples.rules == rule)
    if len(mine) < min(count, A_RULE):
        few = "a picture and is" if len(mine) == 1 else "pictures and are"
        meaning += f" Of these, {len(mine)} could be read as {few} shown."
    shown = rows.iloc[examples.rows[mine]]
    captions = [_caption(rule, row) for _, row in shown.iterrows()]
    grid = _grid(examples.faces[mine], captions, shown["id"].tolist())
    return f"{title}<p>{escape(meaning)}</p>{grid}"


def _caption(rule: str, row: pd.Series) -> str:
    column = _TOLD.get(rule, "")
    if column in row.index and pd.notna(row[column]):
        return f"score {row[column]:.2f}"
    age = [] if pd.isna(row["age"]) else [f"{row['age']:.0f}"]
    gender = [gender_name(row["gender"])] if row["gender"] in {0, 1} else []
    return ", ".join(age + gender) or "no label"


def _grid(faces: NDArray[np.uint8], captions: list[str], ids: list[str]) -> str:
    cells = (
        f'<figure title="{escape(name)}"><img alt="{escape(caption)}" '
        f'src="{_data_uri(face)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for face, caption, name in zip(faces, captions, ids, strict=True)
    )
    return f'<div class="faces">{"".join(cells)}</div>'


def _data_uri(face: NDArray[np.uint8]) -> str:
    picture = Image.fromarray(np.ascontiguousarray(face))
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}"
