"""What a store holds, as one hash.

Labels are hashed as plain bytes, column by column, so that the hash depends on no
library's file format.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from hashlib import file_digest, sha256
from pathlib import Path

import numpy as np
import pandas as pd

from agegender.config import CropRule


def content_hash(faces: Path, labels: pd.DataFrame, crop_rule: CropRule) -> str:
    """Hash a store's faces, labels and crop rule.

    Args:
        faces: The file of faces, read from end to end.
        labels: One row a face; neither index nor column order matters.
        crop_rule: What the faces show.

    Returns:
        `sha256:` and 64 hexadecimal digits.
    """
    digest = sha256(json.dumps(asdict(crop_rule), sort_keys=True).encode())
    _add_labels(digest.update, labels)
    with faces.open("rb") as file:
        file_digest(file, lambda: digest)
    return f"sha256:{digest.hexdigest()}"


def labels_hash(labels: pd.DataFrame) -> str:
    """Hash labels alone, in their order."""
    digest = sha256()
    _add_labels(digest.update, labels)
    return f"sha256:{digest.hexdigest()}"


def _add_labels(add: Callable[[bytes], None], labels: pd.DataFrame) -> None:
    for name in sorted(labels.columns):
        column = labels[name]
        add(f"\n{name}\n".encode())
        if pd.api.types.is_numeric_dtype(column):
            # MATLAB spells NaN in another way than what is read back from a store.
            values = column.where(column.notna(), np.nan).to_numpy()
            add(values.astype(values.dtype.newbyteorder("<")).tobytes())
        else:
            told = column.astype(object).where(column.notna(), "")
            add("\0".join(map(str, told)).encode())
