"""Photos that were uploaded: read once, and gone.

Gradio keeps uploads as files. The page takes them from there itself, undecoded, so
that they are gone before they are answered, and so that only our own decoder, with its
limits, ever opens them.
"""

from pathlib import Path
from typing import Any

from agegender.errors import DataError


def take(upload: Any, folder: Path) -> bytes:
    """Read an upload and remove its file.

    Args:
        upload: What Gradio tells of it: a mapping with its `path`.
        folder: Where uploads lie; nothing else is read, or removed.

    Raises:
        DataError: If there is no such upload.
    """
    named = upload.get("path") if isinstance(upload, dict) else None
    if not isinstance(named, str):
        raise DataError("no photo came. Send one.")
    try:
        path = Path(named).resolve(strict=True)
        if not (path.is_relative_to(folder.resolve()) and path.is_file()):
            raise DataError("that is no uploaded photo. Send it again.")
        content = path.read_bytes()
        path.unlink()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DataError("the upload is gone. Send it again.") from error
    return content
