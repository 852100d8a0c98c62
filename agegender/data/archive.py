"""The files of a data set, read where they lie: a folder or a tar archive.

Nothing is ever unpacked to disk.
"""

from pathlib import Path

from agegender.data.folder import Folder
from agegender.data.listing import Archive
from agegender.data.tarball import open_tar
from agegender.errors import ConfigError


def open_archive(archive: Path | None = None, folder: Path | None = None) -> Archive:
    """Open a data set.

    Args:
        archive: A tar file, plain or compressed.
        folder: A folder; exactly one of the two.

    Returns:
        The archive, its beginning checked.

    Raises:
        ConfigError: If both are given, or neither.
        DataError: If there is no such file, or it is no archive.
    """
    if folder is not None and archive is None:
        return Folder(folder)
    if archive is None or folder is not None:
        given = "both" if archive is not None else "neither"
        raise ConfigError(f"give an archive or a folder to read. Received: {given}.")
    return open_tar(archive)
