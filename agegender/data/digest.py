"""What an archive's bytes are, as one hash, told while it is computed.

An archive of 7 GB takes the better part of a minute, so that nobody should wait
for it in silence, or twice.
"""

import hashlib
from pathlib import Path
from typing import Final

from agegender.errors import DataError
from agegender.progress import BYTES, Progress

_AT_ONCE: Final = 4 * 2**20


def hashed(path: Path, algorithm: str, doing: str, progress: Progress) -> str:
    """Hash a file from end to end.

    Args:
        path: The file.
        algorithm: As `hashlib` calls it.
        doing: What is told of it.
        progress: Called with the bytes read.

    Returns:
        Hexadecimal digits.

    Raises:
        OSError: If it cannot be read.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    held = memoryview(bytearray(_AT_ONCE))
    total, done = path.stat().st_size, 0
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(held):
            digest.update(held[:count])
            done += count
            progress(done, max(done, total), f"{doing} {path.name} {BYTES}")
    return digest.hexdigest()


def digest_of(path: Path, progress: Progress) -> str:
    """Return `sha256:` and the 64 hexadecimal digits of a file, hashed as above."""
    return f"sha256:{hashed(path, 'sha256', 'digesting', progress)}"


def digest_of_archive(path: Path, progress: Progress) -> str:
    """Hash an archive, as `digest_of`.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return digest_of(path, progress)
    except OSError as error:
        raise DataError(
            f"archive {path} cannot be read: {error.strerror or error}."
        ) from error
