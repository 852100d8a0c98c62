"""What is kept of a data set, how it is cut and how it is dealt."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

from agegender.config.checks import require

MAX_AGE = 100
"""Age classes are 0..MAX_AGE years, one class a year."""

AGE_BAND_STARTS = (0, 10, 20, 30, 40, 60)
"""Where the age bands begin that faces are balanced and reported by, in years."""


@dataclass(frozen=True)
class FilterRules:
    """Which rows of a crawled archive are fit to learn from.

    Args:
        min_face_score: Lowest detector score of the face.
        allow_second_face: Keep photos in which a second face was found.
        min_age: Youngest age kept, in years.
        max_age: Oldest age kept, in years.
        allow_unknown_gender: Keep photos without a gender; they teach ages alone.
        min_contrast: Least standard deviation of a face's grey levels, of 255; what
            is flatter shows nothing. 0 keeps blank pictures, too.
        conflicting_duplicates: What becomes of photos that are identical, byte for
            byte, but disagree on age or gender.
        age_formula: How dates become ages where a source has dates: as the authors
            of IMDB-WIKI do, or by the calendar, as many ports do.

    Reference: Rothe et al., IJCV 2018.
    """

    min_face_score: float = 1.0
    allow_second_face: bool = False
    min_age: int = 1
    max_age: int = 99
    allow_unknown_gender: bool = False
    min_contrast: float = 4.0
    conflicting_duplicates: Literal["keep", "drop"] = "keep"
    age_formula: Literal["authors", "calendar"] = "authors"

    def __post_init__(self) -> None:
        require(
            0 <= self.min_age <= self.max_age <= MAX_AGE,
            f"rules need 0 <= min_age <= max_age <= {MAX_AGE}. "
            f"Received: min_age={self.min_age}, max_age={self.max_age}.",
        )
        require(
            not isnan(self.min_face_score),
            f"rules.min_face_score must be a number. Received: {self.min_face_score}.",
        )
        require(
            0 <= self.min_contrast <= 127.5,
            f"rules.min_contrast must be within 0..127.5. "
            f"Received: {self.min_contrast}.",
        )
        require(
            self.conflicting_duplicates in {"keep", "drop"},
            "rules.conflicting_duplicates must be keep or drop. "
            f"Received: {self.conflicting_duplicates!r}.",
        )
        require(
            self.age_formula in {"authors", "calendar"},
            "rules.age_formula must be authors or calendar. "
            f"Received: {self.age_formula!r}.",
        )


@dataclass(frozen=True)
class SplitRules:
    """How identities are dealt to train, validation and test.

    Args:
        seed: Salt of the hash that decides.
        validation: Share of identities for validation, 0..1.
        test: Share of identities for test, 0..1.
        by: What is dealt. `photo` deals photos of one person one by one, so that
            people are on both sides and figures come out too good: only to measure
            by how much.
    """

    seed: int = 0
    validation: float = 0.1
    test: float = 0.1
    by: Literal["person", "photo"] = "person"

    @property
    def leak(self) -> bool:
        """Return whether people may be in more than one split."""
        return self.by == "photo"

    def __post_init__(self) -> None:
        require(
            self.by in {"person", "photo"},
            f"splits.by must be person or photo. Received: {self.by!r}.",
        )
        require(
            self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1,
            "splits need validation >= 0, test >= 0 and validation + test < 1. "
            f"Received: validation={self.validation}, test={self.test}.",
        )


@dataclass(frozen=True)
class CropRule:
    """How a photo becomes a face; made in prep, kept in store and model.

    Args:
        margin: Photo shown on each side of the face box, as a share of the box's
            longer side; the crop's side is (1 + 2 margin) times that side. Tight
            crops have a margin below 0.
        shift: How far below the box's centre the crop's centre lies, as a share of
            the box's longer side.
        size: Side of the face, in pixels.
        border: What fills a crop beyond the photo's edge.
        resampling: Filter of the resize.
        colour: Channel order.
    """

    margin: float = 0.4
    shift: float = 0.0
    size: int = 64
    border: Literal["repeat"] = "repeat"
    resampling: Literal["lanczos"] = "lanczos"
    colour: Literal["rgb"] = "rgb"

    def __post_init__(self) -> None:
        require(
            -0.25 <= self.margin <= 2.0,
            f"crop margin must be within -0.25..2. Received: {self.margin}.",
        )
        require(
            -0.5 <= self.shift <= 0.5,
            f"crop shift must be within -0.5..0.5. Received: {self.shift}.",
        )
        require(
            isinstance(self.size, int)
            and 16 <= self.size <= 512
            and self.size % 4 == 0,
            "face size must be a multiple of 4 within 16..512 pixels. "
            f"Received: {self.size}.",
        )
        # A file may name what a later release cuts by.
        way = f"{self.border}, {self.resampling}, {self.colour}"
        require(
            way == "repeat, lanczos, rgb",
            "faces are cut by border repeat, resampling lanczos and colour rgb. "
            f"Received: {way}.",
        )

    def __str__(self) -> str:
        """Return what may differ, as in a message."""
        return f"margin {self.margin:g}, shift {self.shift:g}, size {self.size} px"
