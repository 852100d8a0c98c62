"""The tar file: members in a fixed order, nothing in it of the day or the machine."""

import tarfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from agegender.whole import part_of

FOLDER, METADATA = "wiki_crop", "wiki.mat"
"""Of the archive; the metadata are its first member."""

TIMESTAMP = 1_452_960_000
"""Of all members, seconds: January 2016, when the genuine archive was made."""


def is_drawn(path: Path) -> bool:
    """Tell whether a file is an archive that was drawn here, not the genuine one."""
    try:
        with tarfile.open(path, "r:") as archive:
            first = archive.next()
    except (OSError, tarfile.TarError):
        return False
    return first is not None and (first.name, first.mtime) == (
        f"{FOLDER}/{METADATA}",
        TIMESTAMP,
    )


def write_archive(path: Path, members: Iterable[tuple[str, bytes | None]]) -> None:
    """Write a tar file, whole or not at all.

    Args:
        path: The file, replaced if it exists.
        members: Name below `wiki_crop/` and content; None leaves a member out.
    """
    with part_of(path) as part, tarfile.open(part, "w") as archive:
        for name, content in members:
            if content is not None:
                _add(archive, f"{FOLDER}/{name}", content)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mtime = TIMESTAMP
    archive.addfile(member, BytesIO(content))
