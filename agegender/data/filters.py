"""Which rows are fit to learn from.

The labels were crawled, not annotated: some rows hold no face, some hold two,
and some ages are impossible. Each rule is a mask over whole columns, True where
a row must go. A row is counted once, under the first rule that it breaks, so
that kept and dropped rows always add up to the rows read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import FilterRules
from agegender.errors import DataError

UNKNOWN_GENDER = -1
"""Stands in a store for a gender that nobody told."""

REQUIRED_COLUMNS = frozenset({"age", "gender"})


@dataclass(frozen=True)
class Funnel:
    """How many rows went in, where they fell out and how many are left.

    Args:
        read: Rows read.
        dropped: Rule -> rows it dropped first, in the order of the rules.
    """

    read: int
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Rows left."""
        return self.read - sum(self.dropped.values())

    def drop(self, counts: Mapping[str, int]) -> "Funnel":
        """Return a funnel with further rules at its end."""
        merged = dict(self.dropped)
        for rule, count in counts.items():
            merged[rule] = merged.get(rule, 0) + int(count)
        return Funnel(self.read, merged)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers, ready for JSON."""
        return {"read": self.read, "dropped": dict(self.dropped), "kept": self.kept}

    def __str__(self) -> str:
        losses = ", ".join(f"{n} {rule}" for rule, n in self.dropped.items() if n)
        return f"read {self.read}, dropped {losses or 'none'}, kept {self.kept}"


class Filtered(NamedTuple):
    """The outcome of `filter_rows`."""

    rows: pd.DataFrame
    funnel: Funnel
    rule: pd.Series  # of every row read: the first rule that it broke, else empty


def filter_rows(rows: pd.DataFrame, rules: FilterRules) -> Filtered:
    """Keep the rows that break no rule.

    Args:
        rows: One row a photo: `age` in years (NaN unknown), `gender` (0 female, 1
            male, NaN unknown); where the source has them `fault` (what its own
            reading found wrong, empty where nothing), `face_score` (-inf: no face
            found), `second_face_score` (NaN: no second face).
        rules: The limits.

    Returns:
        The kept rows, order and index unchanged, the funnel, and the rule that
        dropped each row. A gender that may be unknown is -1 in the kept rows.

    Raises:
        DataError: If a column is missing.

    Reference: Rothe et al., IJCV 2018.
    """
    if missing := REQUIRED_COLUMNS - set(rows.columns):
        raise DataError(f"rows lack {sorted(missing)}. Received: {list(rows.columns)}.")

    broken = {**_fault_masks(rows), **_face_masks(rows, rules)}
    broken["impossible_age"] = ~rows["age"].between(rules.min_age, rules.max_age)
    known = (rows["gender"] == 0) | (rows["gender"] == 1)
    broken["unknown_gender"] = ~known & (not rules.allow_unknown_gender)

    first = _first_broken(broken, len(rows))
    counts = np.bincount(first, minlength=len(broken) + 1)[:0:-1].tolist()
    fit = first == 0
    kept = rows[fit]
    if rules.allow_unknown_gender:
        kept = kept.assign(gender=kept["gender"].where(known[fit], UNKNOWN_GENDER))
    names = pd.Series(["", *reversed(broken)], dtype="str")
    return Filtered(
        kept,
        Funnel(len(rows), dict(zip(broken, counts, strict=True))),
        names.take(first).set_axis(rows.index),
    )


def _first_broken(broken: dict[str, pd.Series], count: int) -> NDArray[np.int16]:
    """Number, from the last rule's 1 up, the first that each row breaks, else 0."""
    first = np.zeros(count, dtype=np.int16)
    # The highest number is the first rule's; maxima take a tenth of the time of
    # writing where a mask is true.
    for number, mask in enumerate(reversed(broken.values()), start=1):
        held = mask.to_numpy(dtype=bool) * np.int16(number)
        np.maximum(first, held, out=first)
    return first


def _fault_masks(rows: pd.DataFrame) -> dict[str, pd.Series]:
    if "fault" not in rows.columns:
        return {}
    faults = rows["fault"]
    return {name: faults == name for name in sorted(set(faults.unique()) - {""})}


def _face_masks(rows: pd.DataFrame, rules: FilterRules) -> dict[str, pd.Series]:
    masks = {}
    if "face_score" in rows.columns:
        masks["no_face"] = rows["face_score"] == -np.inf
        masks["weak_face"] = rows["face_score"] < rules.min_face_score
    if "second_face_score" in rows.columns and not rules.allow_second_face:
        # NaN compares False, which is right here: no second face, no harm.
        masks["second_face"] = rows["second_face_score"] > 0.0
    return masks
