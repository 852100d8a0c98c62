"""Decoded chunks on a shelf, until it is known which row of the store each face is.

A part is a file by its number, written by whoever decoded it, so that work which
was interrupted, or done by many machines, is joined as if it had been done at once.
The shelf's name is derived from all that the parts depend on: the next run of the
same job finds them, another job does not.
"""

import io
import re
import shutil
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
from agegender.data.face_file import BROKEN_ARRAYS
from agegender.data.listing import CHUNK, Chunk
from agegender.data.manifest import package_version
from agegender.data.shelf import FolderShelf, Shelf, UrlShelf
from agegender.errors import ConfigError, DataError, first_line

_FORMAT: Final = 2


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
    shelf: Shelf, number: int, chunk: Chunk, rule: CropRule, min_contrast: float
) -> int:
    """Decode a chunk and leave it as a part, whole or not at all.

    Args:
        shelf: Where the parts lie, seen by all machines.
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
    shelf.put(_name(number), packed.getvalue())
    return len(part.positions)


class Parts:
    """The parts of a store in the making, those of earlier runs among them.

    Args:
        out: The store.
        fingerprint: Of all that the parts depend on.
        place: Folder or URL where they shall lie; beside the store if not given.
    """

    def __init__(self, out: Path, fingerprint: str, place: str | None = None) -> None:
        self.shelf = _shelf(out, fingerprint[:16], place)
        self.shelf.make()
        self._before = frozenset(self.shelf.names())
        self._count = 0

    def count_done(self, number: int) -> int:
        """Return how many photos an earlier run has decoded for good, else 0."""
        self._count = max(self._count, number + 1)
        name = _name(number)
        if name not in self._before:
            return 0
        try:
            part = _load(self.shelf, name)
        except DataError:  # the machine failed while it was written
            self.shelf.discard(name)
            return 0
        # A photo that had gone may be back.
        return 0 if MISSING in part.reasons else len(part.positions)

    def outcomes(self) -> pd.DataFrame:
        """Return `reason` and `digest` by position, in the order of positions.

        Raises:
            DataError: If a part is damaged or has gone.
        """
        tables = [
            pd.DataFrame(
                {"reason": list(part.reasons), "digest": list(part.digests)},
                index=part.positions,
                dtype="str",
            )
            for part in (_load(self.shelf, name) for name in self._names())
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
        for name in self._names():
            part = _load(self.shelf, name, faces=True)
            fit = part.positions[np.array(part.reasons) == ""]
            rows = kept.get_indexer(fit)
            yield rows[rows >= 0].astype(np.int64), part.faces[rows >= 0]

    def remove(self) -> None:
        """Remove the parts."""
        self.shelf.remove()

    def remove_if_empty(self) -> None:
        """Remove the place where there is nothing to resume."""
        self.shelf.remove_if_empty()

    def _names(self) -> list[str]:
        """Return the names of all parts, once it is sure that none has gone."""
        names = [_name(number) for number in range(self._count)]
        if gone := sorted(set(names) - set(self.shelf.names())):
            # Their photos would pass for missing ones.
            raise DataError(
                f"{len(gone)} of {len(names)} parts have gone from {self.shelf}; was "
                "another prep of the same at work? Run prep again to make them anew."
            )
        return names


def _shelf(out: Path, fingerprint: str, place: str | None) -> Shelf:
    if place is None:
        prefix = f".{out.name}.parts-"
        own = out.with_name(prefix + fingerprint)
        # A name may hold wildcards, or begin like that of another store.
        of_this = re.compile(re.escape(prefix) + "[0-9a-f]{16}")
        for stale in out.parent.iterdir():
            if stale != own and of_this.fullmatch(stale.name):
                shutil.rmtree(stale, ignore_errors=True)
        return FolderShelf(own, out)
    # What others have left in a shared place is theirs, also of a like store elsewhere.
    elsewhere = sha256(str(out).encode()).hexdigest()[:8]
    name = f"{out.name}.parts-{fingerprint}-{elsewhere}"
    if "://" in place:
        return UrlShelf(f"{place}{'' if place.endswith('/') else '/'}{name}")
    folder = Path(place).absolute()
    if folder == out or out in folder.parents:
        raise ConfigError(f"parts cannot lie in the store itself. Received: {place}.")
    return FolderShelf(folder / name, Path(place))


def _name(number: int) -> str:
    return f"{number:08d}.npz"


def _load(shelf: Shelf, name: str, *, faces: bool = False) -> Part:
    """Read a part; its faces only where they are asked for."""
    try:
        with shelf.get(name) as file, np.load(file, allow_pickle=False) as part:
            return Part(
                part["positions"],
                tuple(part["reasons"].tolist()),
                tuple(part["digests"].tolist()),
                part["faces"] if faces else np.empty((0, 0, 0, 3), np.uint8),
            )
    except BROKEN_ARRAYS as error:
        shelf.discard(name)
        raise DataError(
            f"{shelf}/{name} is damaged: {first_line(error)}. Run prep again: it "
            "decodes that part anew."
        ) from error
