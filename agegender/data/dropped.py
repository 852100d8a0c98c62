"""A few pictures of the photos that each rule dropped: `dropped.npz` in a store.

Whether a rule is right shows best in what it takes away. The pictures are for
looking at alone: a photo that cannot be read has none, and where none can be
kept at all the store is as good without.
"""

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import CropRule
from agegender.data.decode import boxes_of
from agegender.data.face_file import BROKEN_ARRAYS
from agegender.data.faces import Box, decode_face
from agegender.data.listing import Archive, locate
from agegender.data.splits import hash_shares
from agegender.errors import DataError, first_line

EXAMPLES: Final = "dropped.npz"
A_RULE: Final = 12
"""Pictures kept of each rule, at most."""
LARGEST: Final = 64
"""Side of the pictures at most, in pixels."""

log = logging.getLogger(__name__)


class Examples(NamedTuple):
    """Pictures of dropped photos."""

    rows: NDArray[np.int64]  # (n,), which of the rows read
    rules: NDArray[np.str_]  # (n,), why it was dropped
    faces: NDArray[np.uint8]  # (n, S, S, 3), RGB


def write_examples(
    path: Path,
    archives: Sequence[Archive],
    rows: Sequence[pd.DataFrame],
    crop_rule: CropRule,
) -> None:
    """Keep a few pictures of what each rule dropped, where that is possible.

    Args:
        path: The file to make; there is none where there is nothing to see.
        archives: Where the photos lie.
        rows: Archive by archive, all rows read: `id`, `member` and `rule` str,
            empty where the row was kept; positions are the index.
        crop_rule: How the faces of the store are cut.
    """
    chosen = _choose(archives, rows)
    rule = replace(crop_rule, size=min(crop_rule.size, LARGEST))
    faces: dict[int, NDArray[np.uint8]] = {}
    for number, archive in enumerate(archives):
        faces.update(_read(archive, chosen[chosen["archive"] == number], rule))
    if not faces:
        return
    shown = chosen[chosen.index.isin(list(faces))]
    packed = io.BytesIO()
    np.savez(
        packed,
        rows=shown.index.to_numpy(dtype=np.int64),
        rules=np.array(shown["rule"].tolist(), dtype=np.str_),
        faces=np.stack([faces[position] for position in shown.index]),
    )
    try:
        path.write_bytes(packed.getvalue())
    except OSError as error:
        log.warning("no pictures of dropped photos are kept: %s", error)
        path.unlink(missing_ok=True)


def read_examples(store: Path) -> Examples | None:
    """Read the pictures of dropped photos; None where the store has none.

    Args:
        store: Folder of the store.

    Raises:
        DataError: If the file is damaged.
    """
    path = store / EXAMPLES
    try:
        with np.load(path, allow_pickle=False) as kept:
            found = Examples(*(kept[name] for name in Examples._fields))
    except FileNotFoundError:
        return None
    except BROKEN_ARRAYS as error:
        raise DataError(
            f"{path} is damaged: {first_line(error)}. Run prep again."
        ) from error
    if found.faces.ndim != 4 or len({len(part) for part in found}) > 1:
        raise DataError(f"{path} is damaged: its parts do not fit. Run prep again.")
    return found


def _choose(archives: Sequence[Archive], rows: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Choose rows by a hash of their id, so that every run chooses the same."""
    candidates = []
    for number, (archive, read) in enumerate(zip(archives, rows, strict=True)):
        dropped = read[read["rule"] != ""]
        wanted = locate(dropped, archive)
        origin = dropped.loc[wanted.index]
        shares = hash_shares(origin["id"], seed=0)
        candidates.append(
            wanted.assign(archive=number, rule=origin["rule"], share=shares)
        )
    ordered = pd.concat(candidates).sort_values(["rule", "share"], kind="stable")
    return ordered.groupby("rule").head(A_RULE)


def _read(
    archive: Archive, wanted: pd.DataFrame, rule: CropRule
) -> dict[int, NDArray[np.uint8]]:
    """Decode the wanted photos in one pass; those that can be."""
    faces: dict[int, NDArray[np.uint8]] = {}
    if wanted.empty:
        return faces
    try:
        for position, photo, box in _photos(archive, wanted):
            with suppress(DataError):
                faces[position] = decode_face(photo, box, rule)
    except (DataError, OSError) as error:
        log.warning("pictures of dropped photos are not all kept: %s", error)
    return faces


def _photos(
    archive: Archive, wanted: pd.DataFrame
) -> Iterator[tuple[int, bytes, Box | None]]:
    for chunk in archive.chunks(wanted):
        positions, boxes = chunk.positions.tolist(), boxes_of(chunk)
        for position, photo, box in zip(positions, chunk.photos, boxes, strict=True):
            if photo:
                yield position, photo, box
