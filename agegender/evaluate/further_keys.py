"""What else a store knows of its faces that can set groups apart.

Sources tell more than age and gender: race, a code of their own, which data set a
face is from. Whatever takes few values is a key; scores and ages are not.
"""

from collections.abc import Container

import numpy as np
import pandas as pd
from pandas.api import types

from agegender.evaluate.groups import ALL, TAKEN, UNKNOWN

MOST_GROUPS = 20
"""Values above which a column is no key: a table that long tells nobody anything."""

RACES = ("white", "black", "asian", "indian", "other")
"""What the whole numbers of a store's `race` stand for, as UTKFace named them."""

NO_KEYS = frozenset({"id", "identity", "digest", "split", "age", "gender"})
"""What names a face, or is reported of every split anyway."""


def further_keys(labels: pd.DataFrame) -> pd.DataFrame:
    """Find the columns that set groups of faces apart.

    Text, categories, truth values and whole numbers do, if they take at least two
    values and at most `MOST_GROUPS`. Numbers are whole if all that are known are: a
    column with an absent one holds floats.

    Args:
        labels: n rows, as in a store.

    Returns:
        n rows of categories, one column a key. Absent values, empty text and codes
        below 0 are `unknown`, which comes last. A column or a value that is called as
        something in a table of groups (`faces`, `all`) has a `_` behind its name.
    """
    others = {name: labels[name] for name in labels.columns if name not in NO_KEYS}
    columns = {name: _whole(column) for name, column in others.items()}
    keys = {name: _names(one) for name, one in columns.items() if _is_code(one)}
    told = {name: names for name, names in keys.items() if _sets_apart(names)}
    return pd.DataFrame(
        {
            _free(name, TAKEN | others.keys() - {name}): pd.Categorical(
                names, _ordered(names)
            )
            for name, names in told.items()
        },
        index=labels.index,
    )


def _whole(column: pd.Series) -> pd.Series:
    """Return floats that are whole where they are known as whole numbers."""
    if not types.is_float_dtype(column):
        return column
    known = column.dropna()
    whole = (known % 1 == 0).all() and known.abs().max() < 2**31
    return column.astype("Int64") if whole else column


def _is_code(column: pd.Series) -> bool:
    return not types.is_float_dtype(column) and not types.is_datetime64_any_dtype(
        column
    )


def _names(column: pd.Series) -> pd.Series:
    # A table's cell is one line.
    names = column.astype("str").str.split().str.join(" ")
    known = column.notna() & (names != "")
    if types.is_integer_dtype(column):
        known &= (column >= 0).fillna(value=False)
    if column.name == "race" and types.is_integer_dtype(column):
        names = names.replace({str(code): name for code, name in enumerate(RACES)})
    if (names == ALL).any():
        names = names.replace(ALL, _free(ALL, {*names.unique()}))
    return names.where(known, UNKNOWN)


def _free(name: str, taken: Container[str]) -> str:
    """Return a name that is not taken: with `_` behind it until it is not."""
    return _free(f"{name}_", taken) if name in taken else name


def _sets_apart(names: pd.Series) -> bool:
    return 2 <= names.nunique() <= MOST_GROUPS


def _ordered(names: pd.Series) -> list[str]:
    """Return the names in order, numbers by their size."""
    found = pd.Series(names.unique())
    numbers = pd.to_numeric(found, errors="coerce")
    order = np.lexsort([found, numbers, found == UNKNOWN])
    return [str(name) for name in found.iloc[order]]
