"""The figures of a store's page, each with the words that belong under it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from agegender.counts import counted
from agegender.pages import figures
from agegender.pages.figures.ages import SHOWN
from agegender.pages.markup import escape
from agegender.pages.store_view import StoreView
from agegender.pages.svg import inline_svg


class Captioned(NamedTuple):
    """A figure and its caption."""

    figure: Figure
    caption: str


def draw_figures(view: StoreView) -> dict[str, Captioned]:
    """Draw all figures that the store's sources allow, by name."""
    labels = view.store.labels
    drawn: dict[str, tuple[Figure | None, str]] = {
        "funnel": (
            figures.funnel(view.funnel),
            "A row counts under the first rule that it broke.",
        ),
        "ages": (figures.ages_by_gender(labels), _ages_told(labels)),
        "photos_per_person": (figures.photos_per_person(labels), _people_told(labels)),
        "splits": (
            figures.ages_by_split(labels),
            "Shares of each split's own faces, so that the shapes compare.",
        ),
    }
    if view.rows is not None:
        drawn |= _of_rows(view.rows, view)
    return {name: Captioned(f, told) for name, (f, told) in drawn.items() if f}


def panels(drawn: dict[str, Captioned], *names: str, beside: str = "") -> str:
    """Return those of the named figures that there are, side by side.

    Args:
        drawn: The figures.
        names: Of those wanted.
        beside: HTML that shall stand beside them.
    """
    cells = "".join(
        f"<figure>{inline_svg(drawn[name].figure, name, drawn[name].caption)}"
        f"<figcaption>{escape(drawn[name].caption)}</figcaption></figure>"
        for name in names
        if name in drawn
    )
    beside = f"<div>{beside}</div>" if beside else ""
    return f'<div class="figures">{cells}{beside}</div>' if cells or beside else ""


def _of_rows(
    rows: pd.DataFrame, view: StoreView
) -> dict[str, tuple[Figure | None, str]]:
    rules = view.store.manifest.filter_rules
    return {
        "face_scores": (
            figures.face_scores(rows, rules),
            _count(rows, "face_score", np.isneginf, "without any face")
            + " What is grey alone was dropped, for whatever reason.",
        ),
        "second_scores": (
            figures.second_scores(rows, rules),
            _count(rows, "second_face_score", np.isnan, "without a second face"),
        ),
        "ages_read": (figures.ages_read(rows, rules), _beyond(rows)),
        "years": (
            figures.years(rows),
            "Read and kept, by the year that the metadata tells.",
        ),
    }


def _count(
    rows: pd.DataFrame,
    column: str,
    is_it: Callable[[np.ndarray], np.ndarray],
    what: str,
) -> str:
    if column not in rows.columns:
        return ""
    count = int(np.count_nonzero(is_it(rows[column].to_numpy(dtype=np.float64))))
    return f"Not drawn: {counted(count, 'row')} {what}."


def _beyond(rows: pd.DataFrame) -> str:
    ages = rows["age"]
    unknown, beyond = int(ages.isna().sum()), int((~ages.between(*SHOWN)).sum())
    low, high = SHOWN
    rows_beyond = counted(beyond - unknown, "row")
    return (
        f"Not drawn: {rows_beyond} below {low:.0f} or above {high:.0f} years, "
        f"{unknown:,} without an age."
    )


def _ages_told(labels: pd.DataFrame) -> str:
    ages = labels["age"]
    return (
        f"Mean {ages.mean():.1f} years, standard deviation {ages.std(ddof=0):.1f}, "
        f"median {ages.median():.0f}."
    )


def _people_told(labels: pd.DataFrame) -> str:
    photos = labels["identity"].value_counts()
    people = counted(len(photos), "person", "people")
    return (
        f"Of {people}, with one photo: {int((photos == 1).sum()):,}; the most photos "
        f"of one person: {int(photos.max()):,}. Where a source knows no people, photos "
        "that are the same file count as one."
    )
