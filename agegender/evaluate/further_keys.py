"""What else a store knows of its faces that can set groups apart.

Sources tell more than age and gender: race, a code of their own, which data set a
face is from. Whatever takes few values is a key; scores and ages are not.
"""

import numpy as np
import pandas as pd
from pandas.api import types

from agegender.evaluate.groups import UNKNOWN

MOST_GROUPS = 20
"""Values above which a column is no key: a table that long tells nobody anything."""

RACES = ("white", "black", "asian", "indian", "other")
"""What the whole numbers of a store's `race` stand for, as UTKFace named them."""

NO_KEYS = frozenset({"id", "identity", "digest", "split", "age", "gender"})
"""What names a face, or is reported of every split anyway."""


def further_keys(labels: pd.DataFrame) -> pd.DataFrame:
    """Find the columns that set groups of faces apart.

    Text, categories, truth values and whole numbers do, if they take at least two
    values and at most `MOST_GROUPS`.

    Args:
        labels: n rows, as in a store.

    Returns:
        n rows of categories, one column a key. Absent values, empty text and codes
        below 0 are `unknown`, which comes last.
    """
    others = [name for name in labels.columns if name not in NO_KEYS]
    keys = {name: _names(labels[name]) for name in others if _is_code(labels[name])}
    told = {name: names for name, names in keys.items() if _sets_apart(names)}
    return pd.DataFrame(
        {name: pd.Categorical(names, _ordered(names)) for name, names in told.items()},
        index=labels.index,
    )


def _is_code(column: pd.Series) -> bool:
    return not types.is_float_dtype(column) and not types.is_datetime64_any_dtype(
        column
    )


def _names(column: pd.Series) -> pd.Series:
    known = column.notna()
    if types.is_integer_dtype(column):
        known &= (column >= 0).fillna(value=False)
    else:
        known &= column.astype("str").str.strip() != ""
    names = column.astype("str")
    if column.name == "race" and types.is_integer_dtype(column):
        names = names.replace({str(code): name for code, name in enumerate(RACES)})
    return names.where(known, UNKNOWN)


def _sets_apart(names: pd.Series) -> bool:
    return 2 <= names.nunique() <= MOST_GROUPS


def _ordered(names: pd.Series) -> list[str]:
    """Return the names in order, numbers by their size."""
    found = pd.Series(names.unique())
    numbers = pd.to_numeric(found, errors="coerce")
    order = np.lexsort([found, numbers, found == UNKNOWN])
    return [str(name) for name in found.iloc[order]]
