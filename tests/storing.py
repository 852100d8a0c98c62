"""Stores made of arrays, and whether a store holds what its hash says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.data.content import content_hash
from agegender.data.face_file import Pieces
from agegender.data.filters import Funnel
from agegender.data.manifest import StoreManifest
from agegender.data.staging import staged
from agegender.data.store import FACES, FaceStore, fill_store, is_store


def write_store(
    out: Path,
    faces: np.ndarray | Pieces,
    labels: pd.DataFrame,
    *,
    crop_rule: CropRule,
    filter_rules: FilterRules = FilterRules(),
    sources: Sequence[Mapping[str, Any]] = (),
) -> FaceStore:
    """Write a store of faces, or of pieces of them."""
    if isinstance(faces, np.ndarray):
        faces = [(np.arange(len(faces)), faces)]
    funnel = Funnel(len(labels)).to_dict()
    made = (crop_rule, SplitRules(), filter_rules, funnel, [*map(dict, sources)], "")
    with staged(out, is_store) as folder:
        fill_store(folder, faces, labels, StoreManifest(*made))
    return FaceStore.open(out)


def require_unchanged(store: FaceStore) -> None:
    """Read everything once and compare it with the content hash."""
    rule = store.manifest.crop_rule
    found = content_hash(store.path / FACES, store.labels, rule)
    assert found == store.manifest.content_hash
