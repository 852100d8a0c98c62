"""Who is learned from and who is asked about.

An identity is dealt to a split by a salted hash of its name, so that neither the
order of the rows nor further data moves anybody. Faces that are the same file, byte
for byte, and the same box tie their identities together: the tied ones go where the
one with the highest hash goes. Train takes the high hashes, so a tie that comes with
new data can pull faces only towards train, never into a test that an earlier model
has learned from.
"""

from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from agegender.config import SplitRules
from agegender.data.duplicates import OF_FILE
from agegender.errors import DataError

SPLITS: Final = ("train", "validation", "test")


def join_identities(identities: pd.Series, digests: pd.Series, seed: int) -> pd.Series:
    """Give one identity to all rows that are tied by identical bytes.

    Two named people on one photo are not tied, or guests would tie whole films
    together; rows without a name are tied to all others without one on their photo.

    Args:
        identities: Name of the person, str (n,); empty where the source knows none.
        digests: Digest of the photo's bytes and the face's box, str (n,).
        seed: Salt of the hash that chooses which name stands for a tied group.

    Returns:
        Names, str (n,), same index; `bytes:DIGEST` for rows that had none.
    """
    names = identities.where(identities != "", "bytes:" + digests)
    name_of, unique_names = pd.factorize(names)
    nameless = (identities == "").to_numpy()
    files = "file:" + digests[nameless].str[:OF_FILE]
    tie_of, unique_ties = pd.factorize(pd.concat([digests, files]))

    # A row is an edge between its name and its digest: ties are what is connected.
    size = len(unique_names) + len(unique_ties)
    tied = np.concatenate([name_of, name_of[nameless]])
    edges = (np.ones(len(tied), bool), (tied, tie_of + len(unique_names)))
    _, groups = connected_components(coo_array(edges, shape=(size, size)))

    shares = hash_shares(unique_names, seed)
    by_share = np.argsort(shares, kind="stable")
    standing_for = np.zeros(size, dtype=np.int64)
    standing_for[groups[by_share]] = by_share  # the last write wins: the highest
    chosen = np.asarray(unique_names, dtype=object)[standing_for[groups[name_of]]]
    return pd.Series(chosen, index=identities.index, dtype="str")


def deal(identities: pd.Series, rules: SplitRules) -> pd.Series:
    """Name the split of each row.

    Args:
        identities: What is dealt as one, str (n,): names of people.
        rules: Salt and shares.

    Returns:
        `train`, `validation` or `test`, str (n,), same index.
    """
    name_of, unique_names = pd.factorize(identities)
    shares = hash_shares(unique_names, rules.seed)
    limits = [rules.test, rules.test + rules.validation]
    from_low_to_high = np.array(["test", "validation", "train"], dtype=object)
    splits = from_low_to_high[np.searchsorted(limits, shares, side="right")]
    return pd.Series(splits[name_of], index=identities.index, dtype="str")


def hash_shares(names: npt.ArrayLike, seed: int) -> npt.NDArray[np.float64]:
    """Map names to numbers within 0..1 that look random and never change."""
    texts = np.asarray(names, dtype=object)
    # One identity at a time: no vectorised hash promises the same value for ever.
    heads = (sha256(f"{seed}:{name}".encode()).digest()[:8] for name in texts)
    words = np.frombuffer(b"".join(heads), dtype=">u8")
    return words.astype(np.float64) / 2.0**64


LEAKING: Final = (
    "split by photo: people are on both sides, and figures are too good. For measuring "
    "by how much, not for reporting"
)
"""For people, wherever such a store or its figures are shown."""


def refuse_leak(labels: pd.DataFrame, rules: SplitRules = SplitRules()) -> None:
    """Raise if an identity, or a photo's bytes, lie in more than one split.

    Args:
        labels: `identity`, `split` and, where known, `digest`, all str.
        rules: How they were dealt; where that was photo by photo, identities may.

    Raises:
        DataError: Naming the first that leaks.
    """
    for column in ("digest",) if rules.leak else ("identity", "digest"):
        if column not in labels.columns:
            continue
        pairs = labels[[column, "split"]].drop_duplicates()
        leaking = pairs[column][pairs[column].duplicated()]
        if len(leaking):
            raise DataError(
                f"{leaking.nunique()} values of {column} lie in more than one split, "
                f"such as {leaking.iloc[0]!r}. Deal splits by identity."
            )
