"""A data set that is published as several tar files, read as one.

IMDB's whole photos come in ten archives and their metadata in an eleventh. They lie
in one folder, as downloaded, and nothing is unpacked.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from agegender.data.listing import Archive, Chunk, place_of
from agegender.data.photo import EXTENSIONS
from agegender.data.tarball import open_tar
from agegender.progress import Progress, silent

SUFFIXES: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def find_volumes(folder: Path) -> list[Path]:
    """Return the tar files that a folder holds beside nothing else, in order.

    A folder with subfolders, or with photos, is a data set that was unpacked.
    """
    try:
        entries = [one for one in folder.iterdir() if not one.name.startswith(".")]
    except OSError:
        return []  # whoever opens it next says why
    if any(entry.is_dir() or entry.suffix.lower() in EXTENSIONS for entry in entries):
        return []
    return sorted(entry for entry in entries if entry.name.endswith(SUFFIXES))


class Volumes:
    """Several tar files; places are row numbers of `members`.

    Args:
        folder: That holds them.
        paths: The tar files.
    """

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.path = folder
        self._archives: list[Archive] = [open_tar(path) for path in paths]

    @cached_property
    def members(self) -> pd.DataFrame:
        """The entries of all volumes; of a name in two of them the later one counts."""
        members = pd.concat(
            [
                archive.members.assign(volume=number)
                for number, archive in enumerate(self._archives)
            ],
            ignore_index=True,
        )
        again = members["name"].duplicated(keep="last") & (members["fault"] == "")
        members["fault"] = members["fault"].mask(again, "repeated_name")
        members["inside"] = members["place"]
        return members.assign(place=np.arange(len(members), dtype=np.int64))

    def read(self, name: str) -> bytes:
        """Return the bytes of one member."""
        number = int(self.members["volume"].iloc[place_of(self, name)])
        return self._archives[number].read(name)

    def chunks(self, wanted: pd.DataFrame) -> Iterator[Chunk]:
        """Hand out the wanted members, volume by volume."""
        rows = self.members.iloc[wanted["place"]]
        inside = wanted.assign(place=rows["inside"].to_numpy())
        volume = rows["volume"].to_numpy()
        for number, archive in enumerate(self._archives):
            yield from archive.chunks(inside[volume == number])

    def digest(self, progress: Progress = silent) -> str:
        """Return the digest of all volumes' digests and names."""
        whole = hashlib.sha256()
        for archive in self._archives:
            whole.update(f"{archive.path.name} {archive.digest(progress)}\n".encode())
        return f"sha256:{whole.hexdigest()}"
