"""The rows of the archive: people, their photos, and the faults of crawled data.

Shares of the faults are those of the genuine metadata of 62,328 rows, and so is
that most rows with an unknown gender or an impossible age show no face either.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.data.ages import DATENUM_OF_1970, datenum_of_july
from agegender.data.sample.names import draw_names

NO_FACE = 18_016 / 62_328
WEAK_FACE = 1_319 / 62_328
SECOND_FACE = 4_096 / 62_328
UNKNOWN_GENDER = 2_643 / 62_328
NEGATIVE_AGE = 1_288 / 62_328
OVER_100 = 493 / 62_328
BLANK = TRUNCATED = MISSING = 0.004

DAYS_A_YEAR = 365.2425
MALE = 0.6
LAST_YEAR = 2015
GROWN = 20.0
"""Years from which a person may have several photos, of earlier years too."""

EDGES = ("left", "top", "right", "bottom")
ENOUGH = 20
"""So many rows hold every fault at least once."""

Rows = NDArray[np.int64]


def draw_rows(faces: int, seed: int) -> pd.DataFrame:
    """Draw the rows of an archive, sorted by path.

    Args:
        faces: Number of rows.
        seed: Of everything.

    Returns:
        One row a photo: `person`, `page`, `name`, `male`, `age` (drawn, years),
        `dob` (MATLAB's day number), `photo_taken` (year), `gender` (1.0 male, 0.0
        female, NaN), `face_score`, `second_face_score`, `kind` (see `picture`),
        `path`, `width` and `height` of the picture, `x1`, `y1`, `x2`, `y2` (the
        box, 1-based, in the photo) and `beyond_left`, `beyond_top`,
        `beyond_right`, `beyond_bottom` (pixels).
    """
    rng = np.random.default_rng([seed, 0])
    rows = _draw_photos(rng, faces)
    rows["gender"] = rows["male"].astype(float)
    rows["face_score"] = rng.normal(3.2, 1.25, faces).clip(1.0, 7.2)
    rows["second_face_score"] = np.nan
    rows["kind"] = "face"
    _spoil(rows, rng)
    _frame(rows, rng)
    page = rows["page"].astype(str)
    year = rows["photo_taken"].astype(str)
    born = (rows["dob"].to_numpy() - DATENUM_OF_1970).astype("datetime64[D]")
    dates = pd.Series(born.astype(str), index=rows.index)
    rows["path"] = page.str[-2:] + "/" + page + "_" + dates + "_" + year + ".jpg"
    return rows.sort_values(["page", "photo_taken"], key=_as_text, ignore_index=True)


def _as_text(column: pd.Series) -> pd.Series:
    return column.astype(str)


def _draw_photos(rng: np.random.Generator, faces: int) -> pd.DataFrame:
    """Draw people with one to six photos each, younger on each earlier one."""
    photos = rng.geometric(0.6, faces).clip(1, 6)
    latest_age = _draw_ages(rng, faces)
    photos[latest_age < GROWN] = 1
    person = np.repeat(np.arange(faces), photos)[:faces]
    people = int(person[-1]) + 1
    male = rng.random(people) < MALE
    latest = (LAST_YEAR - rng.exponential(9.0, people).astype(int)).clip(1970)
    gap = np.where(np.diff(person, prepend=-1) == 0, rng.integers(1, 4, faces), 0)
    back = pd.Series(gap).groupby(person).cumsum().to_numpy().astype(np.int64)
    dob = datenum_of_july(latest) - (latest_age[:people] * DAYS_A_YEAR).astype(int)
    year = latest[person] - back
    return pd.DataFrame(
        {
            "person": person,
            "page": _draw_pages(rng, people)[person],
            "name": np.array(draw_names(rng, male), dtype=object)[person],
            "male": male[person],
            "age": (datenum_of_july(year) - dob[person]) / DAYS_A_YEAR,
            "dob": dob[person],
            "photo_taken": year,
        }
    )


def _draw_pages(rng: np.random.Generator, people: int) -> NDArray[np.int64]:
    """Draw page numbers of five to eight digits, no two alike."""
    drawn = 10 ** rng.uniform(4.0, 7.7, 3 * people + 20)
    pages = np.unique(drawn.astype(np.int64))
    return rng.permutation(pages)[:people]


def _draw_ages(rng: np.random.Generator, people: int) -> NDArray[np.float64]:
    """Draw ages of 1 to 95 years: some children, many adults, some old."""
    group = rng.choice(4, people, p=[0.11, 0.08, 0.73, 0.08])
    ages = np.choose(
        group,
        [
            rng.uniform(1, 13, people),
            rng.uniform(13, 20, people),
            20 + rng.gamma(2.2, 8.6, people),
            rng.uniform(58, 95, people),
        ],
    )
    return ages.clip(1.0, 95.0)


def _count(share: float, faces: int) -> int:
    """Return how many rows a share is, at least one if there are ENOUGH."""
    return max(round(share * faces), int(faces >= ENOUGH))


def _spoil(rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Give rows the faults of crawled data, in place."""
    faces = len(rows)
    order = rng.permutation(faces)
    shares = (NO_FACE, WEAK_FACE, SECOND_FACE, BLANK, TRUNCATED, MISSING)
    ends = np.cumsum([_count(share, faces) for share in shares])
    bare, weak, second, blank, truncated, missing, good = np.split(order, ends)
    rows.loc[bare, "face_score"] = -np.inf
    rows.loc[bare, "kind"] = rng.choice(
        ["pixel", "black", "scene"], len(bare), p=[0.45, 0.06, 0.49]
    )
    rows.loc[weak, "face_score"] = rng.uniform(0.7315, 1.0, len(weak))
    rows.loc[second, "second_face_score"] = rng.uniform(0.73, 5.5, len(second))
    for kind, chosen in (
        ("weak", weak),
        ("second", second),
        ("blank", blank),
        ("truncated", truncated),
        ("missing", missing),
    ):
        rows.loc[chosen, "kind"] = kind
    _spoil_labels(rows, bare, good, rng)


def _spoil_labels(
    rows: pd.DataFrame, bare: Rows, good: Rows, rng: np.random.Generator
) -> None:
    """Make genders unknown and ages impossible, of people with one photo."""
    single = ~rows["person"].duplicated(keep=False).to_numpy()
    faceless, faced = bare[single[bare]].tolist(), good[single[good]].tolist()

    def take(share: float, hidden: float) -> list[int]:
        number = _count(share, len(rows))
        shown = max(round(number * (1 - hidden)), int(number > 0))
        chosen = [faced.pop() for _ in range(min(shown, len(faced)))]
        left = min(number - shown, len(faceless))
        return chosen + [faceless.pop() for _ in range(left)]

    unknown = take(UNKNOWN_GENDER, hidden=0.67)
    negative = take(NEGATIVE_AGE, hidden=0.9)
    ancient = take(OVER_100, hidden=0.8)
    rows.loc[unknown, "gender"] = np.nan
    _date_back(rows, negative, rng.uniform(-25, -0.1, len(negative)))
    # Namesakes from history: a few of them from antiquity.
    _date_back(rows, ancient, 102 + rng.exponential(150, len(ancient)).clip(0, 1700))


def _date_back(rows: pd.DataFrame, chosen: list[int], age: NDArray[np.float64]) -> None:
    taken = datenum_of_july(rows.loc[chosen, "photo_taken"].to_numpy())
    rows.loc[chosen, "dob"] = taken - (age * DAYS_A_YEAR).astype(int)


def _frame(rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Place faces in their photos and size the pictures, in place."""
    faces = len(rows)
    side = (74 * np.exp(rng.normal(0, 0.25, faces))).clip(48, 108)
    crop = np.round(1.8 * side).astype(int)
    for edges, most in ((("left", "right"), 2.5), (("top", "bottom"), 2.0)):
        for edge in edges:
            room = rng.uniform(0.02, most, faces)
            beyond = ((0.4 - room).clip(0) * side).astype(int)
            rows[f"beyond_{edge}"] = beyond
            if edge in {"left", "top"}:
                low, high = ("x1", "x2") if edge == "left" else ("y1", "y2")
                rows[low] = 1 + room * side
                rows[high] = rows[low] + side
    rows["width"] = rows["height"] = crop
    _frame_whole(rows, rng)


def _frame_whole(rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Make the box the whole picture where no face was found, in place."""
    for kind, width, height in (("pixel", 1, 1), ("black", 47, 100)):
        rows.loc[rows["kind"] == kind, ["width", "height"]] = width, height
    scene = rows["kind"] == "scene"
    rows.loc[scene, "height"] = 220
    rows.loc[scene, "width"] = rng.integers(140, 340, scene.sum())
    bare = rows["face_score"] == -np.inf
    rows.loc[bare, ["x1", "y1"]] = 1.0
    rows.loc[bare, "x2"] = rows.loc[bare, "width"].astype(float)
    rows.loc[bare, "y2"] = rows.loc[bare, "height"].astype(float)
