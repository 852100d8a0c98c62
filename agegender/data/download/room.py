"""Whether a file will fit, told before hours are spent on it."""

import shutil

from agegender.data.download.part import Part
from agegender.data.download.published import PublishedFile
from agegender.errors import DataError


def check_room(part: Part, total: int | None, file: PublishedFile) -> None:
    """Raise if the rest of a file is too much.

    Args:
        part: What there is of it.
        total: Bytes of the whole; None if nobody knows.
        file: What is fetched.

    Raises:
        DataError: If it is larger than the file can be, or than the disk is free.
    """
    if total is None:
        return
    if total > file.largest:
        raise DataError(
            f"the server offers {total:,} bytes as {file.name}, which has at most "
            f"{file.largest:,}. Give a mirror with --base-url."
        )
    folder = part.path.parent
    free = shutil.disk_usage(folder).free
    if (lacking := total - part.size) > free:
        raise DataError(
            f"{file.name} needs {lacking:,} more bytes in {folder}, where {free:,} "
            "are free. Make room or give another --out."
        )
