"""A face store together with what is told of its making."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from agegender.data.dropped import Examples, read_examples
from agegender.data.rows_file import read_rows
from agegender.data.store import FaceStore


@dataclass(frozen=True)
class StoreView:
    """What a page of a store is drawn from.

    Args:
        store: Open.
        rows: Every row read, None where the store was not made from archives.
        examples: Pictures of dropped photos, where there are any.
    """

    store: FaceStore
    rows: pd.DataFrame | None
    examples: Examples | None

    @classmethod
    def of(cls, store: FaceStore) -> "StoreView":
        """Read what lies beside a store's content.

        Raises:
            DataError: If a file is damaged.
        """
        return cls(store, read_rows(store.path), read_examples(store.path))

    @property
    def funnel(self) -> dict[str, Any]:
        """Rows `read`, `dropped` by rule and `kept`."""
        return self.store.manifest.funnel

    @property
    def identities(self) -> int:
        """Identities in the store."""
        return int(self.store.labels["identity"].nunique())
