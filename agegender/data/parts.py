"""Decoded chunks on disk, until it is known which row of the store each face is.

A part is a file by its number, written by whoever decoded it, so that work which
was interrupted, or done by many machines, is joined as if it had been done at once.
The folder's name is derived from all that the parts depend on: the next run of the
same job finds them, another job does not.
"""

import io
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import CropRule
from agegender.data.decode import MISSING, Part, decode_chunk
from agegender.data.listing import CHUNK, Chunk
from agegender.data.manifest import package_version
from agegender.errors import DataError

_FORMAT: Final = 1
_DAMAGED: Final = (zipfile.BadZipFile, ValueError, KeyError, EOFError)


def fingerprint_of(
    digests: Sequence[str],
    wanted: Sequence[pd.DataFrame],
    rule: CropRule,
    min_contrast: float,
) -> str:
    """Return a hash of all that the parts of a job depend on.

    Args:
        digests: Of the archives.
        wanted: Which members are decoded, archive by archive.
        rule: Margin and size of the faces.
        min_contrast: Least contrast of a face.

    Returns:
        64 hexadecimal digits.
    """
    made_by = (_FORMAT, package_version(), CHUNK, digests, rule, min_contrast)
    whole = sha256(repr(made_by).encode())
    for name in ("pillow", "simplejpeg", "cykooz-resizer"):
        with suppress(PackageNotFoundError):
            whole.update(f"{name} {version(name)}".encode())
    for table in wanted:
        whole.update(pd.util.hash_pandas_object(table).to_numpy().tobytes())
    return whole.hexdigest()


def decode_into(
    folder: Path, number: int, chunk: Chunk, rule: CropRule, min_contrast: float
) -> int:
    """Decode a chunk and leave it as a part, whole or not at all.

    Args:
        folder: Where the parts lie, seen by all machines.
        number: Of the part.
        chunk: Positions, encoded photos, boxes.
        rule: Margin and size of the faces.
        min_contrast: Least contrast of a face that shows something.

    Returns:
        How many photos were decoded.
    """
    part = decode_chunk(chunk, rule, min_contrast)
    # In memory first: only plain writes can then meet a full disk.
    packed = io.BytesIO()
    np.savez(
        packed,
        positions=part.positions,
        reasons=np.array(part.reasons, dtype=np.str_),
        digests=np.array(part.digests, dtype=np.str_),
        faces=part.faces,
    )
    path = _part_path(folder, number)
    # Two machines may decode the same chunk, after one was thought lost.
    unfinished = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    try:
        unfinished.write_bytes(packed.getbuffer())
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return len(part.positions)


class Parts:
    """The parts of a store in the making, those of earlier runs among them.

    Args:
        out: The store.
        fingerprint: Of all that the parts depend on.
    """

    def __init__(self, out: Path, fingerprint: str) -> None:
        prefix = f".{out.name}.parts-"
        self.folder = out.with_name(prefix + fingerprint[:16])
        for stale in out.parent.glob(f"{prefix}*"):
            if stale != self.folder:
                shutil.rmtree(stale, ignore_errors=True)
        try:
            self.folder.mkdir(exist_ok=True)
            for path in self.folder.glob("*.tmp"):
                path.unlink()
        except OSError as error:
            raise DataError(
                f"{out} cannot be written: {error.strerror or error}."
            ) from error

    def count_done(self, number: int) -> int:
        """Return how many photos an earlier run has decoded for good, else 0."""
        path = _part_path(self.folder, number)
        if not path.exists():
            return 0
        try:
            part = _load(path)
        except DataError:  # the machine failed while it was written
            path.unlink(missing_ok=True)
            return 0
        # A photo that had gone may be back.
        return 0 if MISSING in part.reasons else len(part.positions)

    def outcomes(self) -> pd.DataFrame:
        """Return `reason` and `digest` by position, in the order of positions."""
        tables = [
            pd.DataFrame(
                {"reason": list(part.reasons), "digest": list(part.digests)},
                index=part.positions,
                dtype="str",
            )
            for part in (_load(path) for path in self._paths())
        ]
        if not tables:
            return pd.DataFrame({"reason": [], "digest": []}, dtype="str")
        return pd.concat(tables).sort_index()

    def pieces(
        self, kept: pd.Index
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Yield row numbers of the store and their faces, part by part.

        Args:
            kept: Positions of the photos that the store shall hold, rising.
        """
        for path in self._paths():
            part = _load(path, faces=True)
            fit = part.positions[np.array(part.reasons) == ""]
            rows = kept.get_indexer(fit)
            yield rows[rows >= 0].astype(np.int64), part.faces[rows >= 0]

    def remove(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_if_empty(self) -> None:
        """Remove the folder where there is nothing to resume."""
        with suppress(OSError):
            self.folder.rmdir()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.npz"))


def _part_path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.npz"


def _load(path: Path, *, faces: bool = False) -> Part:
    """Read a part; its faces only where they are asked for."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as part:
            return Part(
                part["positions"],
                tuple(part["reasons"].tolist()),
                tuple(part["digests"].tolist()),
                part["faces"] if faces else np.empty((0, 0, 0, 3), np.uint8),
            )
    except _DAMAGED as error:
        with suppress(OSError):
            path.unlink()
        raise DataError(
            f"{path} is damaged: {error}. Run prep again: it decodes that part anew."
        ) from error
