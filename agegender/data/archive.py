"""The files of a data set, read where they lie: folder, tar archives, database.

Nothing is ever unpacked to disk, but for a database that was saved compressed.
"""

from pathlib import Path

from agegender.data.database.reader import MARK, FaceDatabase
from agegender.data.folder import Folder
from agegender.data.listing import Archive
from agegender.data.places import begins_with
from agegender.data.tarball import open_tar
from agegender.data.volumes import Volumes, find_volumes
from agegender.errors import ConfigError


def open_archive(archive: Path | None = None, folder: Path | None = None) -> Archive:
    """Open a data set.

    Args:
        archive: A tar file, plain or compressed, or the original's `imdb_db.mat`.
        folder: A folder, of files or of several tar files; exactly one of the two.

    Returns:
        The archive, its beginning checked.

    Raises:
        ConfigError: If both are given, or neither.
        DataError: If there is no such file, or it is no archive.
    """
    if folder is not None and archive is None:
        volumes = find_volumes(folder)
        return Volumes(folder, volumes) if volumes else Folder(folder)
    if archive is None or folder is not None:
        given = "both" if archive is not None else "neither"
        raise ConfigError(f"give an archive or a folder to read. Received: {given}.")
    if archive.suffix == ".mat" or begins_with(archive, MARK):
        return FaceDatabase(archive)
    return open_tar(archive)
