"""Photos that are the same file, byte for byte, and whether their labels agree."""

from typing import Final

import pandas as pd

from agegender.data.filters import UNKNOWN_GENDER

OF_FILE: Final = 16
"""Digits of a digest that tell the photo's file; the others tell the box, too."""

CONFLICTING: Final = "conflicting_duplicate"
"""The rule that drops duplicates whose age or gender disagree."""


def conflicts(rows: pd.DataFrame, digests: pd.Series) -> pd.Series:
    """Tell which photos have a duplicate of another age or gender.

    Args:
        rows: `age` in years and `gender`; one that is unknown is at odds with none.
        digests: Digest of the photo's bytes, str (n,), same index.

    Returns:
        bool (n,), same index.
    """
    told = rows["gender"].where(rows["gender"] != UNKNOWN_GENDER)
    labels = rows[["age"]].assign(gender=told).groupby(digests.to_numpy())
    return (labels.transform("nunique") > 1).any(axis=1)


def count_duplicates(rows: pd.DataFrame, digests: pd.Series) -> dict[str, int]:
    """Count groups of identical photos, for the manifest.

    Returns:
        `groups` of two or more, the `photos` in them, and of these the
        `conflicting_groups` and `conflicting_photos`, whose labels disagree.
    """
    repeated = digests.duplicated(keep=False)
    at_odds = conflicts(rows, digests)
    return {
        "groups": int(digests[repeated].nunique()),
        "photos": int(repeated.sum()),
        "conflicting_groups": int(digests[at_odds].nunique()),
        "conflicting_photos": int(at_odds.sum()),
    }
