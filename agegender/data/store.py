"""Faces ready to learn from: a folder of three files.

`faces.npy` holds the pictures, mapped into memory and never loaded whole;
`labels.parquet` one row a face in the same order; `store.json` how both were made.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.data.content import content_hash, labels_hash
from agegender.data.dropped import EXAMPLES
from agegender.data.face_file import Pieces, map_faces, write_faces
from agegender.data.manifest import FORMAT, StoreManifest, read_json
from agegender.data.places import is_folder, why_no_folder
from agegender.data.rows_file import ROWS, read_parquet
from agegender.data.splits import SPLITS, refuse_leak
from agegender.errors import DataError, first_line

FACES, LABELS, MANIFEST = "faces.npy", "labels.parquet", "store.json"
OURS: Final = frozenset({FACES, LABELS, MANIFEST, ROWS, EXAMPLES})
"""What a store may hold; whatever else lies there is somebody's."""

LABEL_TYPES: Final = {
    "id": "str",
    "source": "str",
    "identity": "str",
    "age": "float32",
    "gender": "int8",
    "split": "str",
}
"""Columns that every store has; sources add what else they know."""


class FaceStore:
    """A store, open for reading.

    Attributes:
        path: The folder.
        faces: uint8 (N, S, S, 3), RGB, mapped into memory.
        labels: One row a face: `id`, `source`, `identity` str; `age` float32,
            years; `gender` int8, 0 female, 1 male; `split` str, and more.
        manifest: How it was made.
    """

    def __init__(
        self,
        path: Path,
        faces: NDArray[np.uint8],
        labels: pd.DataFrame,
        manifest: StoreManifest,
    ) -> None:
        self.path = path
        self.faces = faces
        self.labels = labels
        self.manifest = manifest

    @classmethod
    def open(cls, path: str | Path) -> "FaceStore":
        """Open a store and check that its three files fit together.

        Raises:
            DataError: If it is no store, is damaged or holds no face.
        """
        path = Path(path)
        if not is_folder(path):
            raise DataError(
                f"store {path} {why_no_folder(path)}. Run prep to make one."
            )
        manifest = StoreManifest.read(path / MANIFEST)
        labels = _read_labels(path / LABELS)
        size = manifest.crop_rule.size
        faces = map_faces(path / FACES, (len(labels), size, size, 3))
        return cls(path, faces, labels, manifest)

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, split: str) -> NDArray[np.int64]:
        """Return the row numbers of a split, rising, int64 (n,)."""
        if split not in SPLITS:
            raise DataError(
                f"split must be one of {', '.join(SPLITS)}. Received: {split!r}."
            )
        return np.flatnonzero((self.labels["split"] == split).to_numpy(dtype=bool))

    def split_hash(self, split: str) -> str:
        """Return the hash of a split's ids and labels, `sha256:…`."""
        columns = ["id", "source", "identity", "age", "gender"]
        return labels_hash(self.labels.loc[self.rows(split), columns])

    def with_validation_in_train(self) -> "FaceStore":
        """Return the same faces, validation ones counted as training ones.

        People are in one split each, so those of the test split stay unseen.
        """
        is_validation = self.labels["split"] == "validation"
        split = self.labels["split"].mask(is_validation, "train")
        labels = self.labels.assign(split=split)
        return FaceStore(self.path, self.faces, labels, self.manifest)


def is_store(path: Path) -> bool:
    """Tell whether a folder is a face store, sound or not, and nothing more.

    Hidden files do not count: file managers leave them.
    """
    try:
        is_ours = read_json(path / MANIFEST).get("format") == FORMAT
        names = [entry.name for entry in path.iterdir()]
    except (DataError, OSError):
        return False
    return is_ours and OURS.issuperset(name for name in names if name[0] != ".")


def fill_store(
    folder: Path, faces: Pieces, labels: pd.DataFrame, manifest: StoreManifest
) -> None:
    """Write the three files into a folder that is there.

    Args:
        folder: Where to.
        faces: The faces in pieces.
        labels: One row a face.
        manifest: Its content hash is filled in here.

    Raises:
        DataError: If there is no face, a column is missing or a split leaks.
    """
    labels = _typed(labels)
    refuse_leak(labels, manifest.split_rules)
    size = manifest.crop_rule.size
    write_faces(folder / FACES, faces, (len(labels), size, size, 3))
    labels.to_parquet(folder / LABELS, engine="pyarrow", index=False)
    content = content_hash(folder / FACES, labels, manifest.crop_rule)
    replace(manifest, content_hash=content).write(folder / MANIFEST)


def _typed(labels: pd.DataFrame) -> pd.DataFrame:
    if labels.empty:
        raise DataError(
            "no face left to store. Loosen the rules or give another archive."
        )
    _refuse_missing(labels, "labels")
    others = [name for name in labels.columns if name not in LABEL_TYPES]
    ordered = labels[[*LABEL_TYPES, *others]].reset_index(drop=True)
    return ordered.astype(LABEL_TYPES)


def _refuse_missing(labels: pd.DataFrame, where: str) -> None:
    if missing := [name for name in LABEL_TYPES if name not in labels.columns]:
        raise DataError(
            f"{where} lack columns {missing}. Received: {list(labels.columns)}."
        )
    if strange := sorted(map(str, set(labels["split"]) - set(SPLITS))):
        raise DataError(
            f"{where} have splits {strange}; the splits are {', '.join(SPLITS)}."
        )


def _read_labels(path: Path) -> pd.DataFrame:
    try:
        labels = read_parquet(path)
    except FileNotFoundError as error:
        raise DataError(
            f"{path.parent} is not a whole face store: it has no {path.name}."
        ) from error
    _refuse_missing(labels, f"labels of {path}")
    if labels.empty:
        raise DataError(f"store {path.parent} holds no face. Run prep again.")
    try:
        return labels.astype(LABEL_TYPES)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{path} is damaged: {first_line(error)}. Run prep again."
        ) from error
