"""A published file in its place: fetched, resumed, checked, named.

The bytes gather in NAME.part. Only when the md5 of the whole is right does the file
get its name, so what bears the name is genuine. What a broken call leaves is
continued by the next one.
"""

import time
from collections.abc import Callable
from pathlib import Path

from agegender.data.address import shown
from agegender.data.digest import hashed
from agegender.data.download.exchange import receive
from agegender.data.download.part import Part
from agegender.data.download.patience import Patience, TryAgainError
from agegender.data.download.published import PublishedFile, address
from agegender.errors import DataError
from agegender.lock import only_writer
from agegender.progress import BYTES, Progress, silent


def fetch(
    file: PublishedFile,
    folder: Path,
    base_url: str | None = None,
    patience: Patience = Patience(),
    progress: Progress = silent,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch a published file, or find it there already.

    Args:
        file: The file.
        folder: Where it shall be; made if absent.
        base_url: Folder of a mirror; the authors' by default.
        patience: How long to wait and how often to try.
        progress: Called with bytes received or checked.
        sleep: Waits so many seconds.

    Returns:
        The file's path; its md5 is right.

    Raises:
        ConfigError: If the mirror's address is none.
        DataError: If the file cannot be had, is not genuine, or finds no place.
    """
    url = address(file, base_url)
    target = folder / file.name
    try:
        if _is_there(file, target, progress):
            return target
        folder.mkdir(parents=True, exist_ok=True)
        with only_writer(target):
            if not _is_there(file, target, progress):  # whoever was first is done
                part = Part(target)
                _gather(url, file, part, patience, progress, sleep)
                _accept(url, file, part, progress)
    except OSError as error:
        why = error.strerror or str(error)
        raise DataError(
            f"{target} cannot be written: {why}. Call again to go on, once it can, "
            "or give another --out."
        ) from error
    return target


def _is_there(file: PublishedFile, target: Path, progress: Progress) -> bool:
    if not target.exists():
        return False
    if not target.is_file():
        raise DataError(f"{target} is no file. Give another --out.")
    if (md5 := hashed(target, "md5", "checking", progress)) != file.md5:
        raise DataError(
            f"{target} is there with md5 {md5}, not {file.md5}; it stays. "
            "Move it away or give another --out."
        )
    return True


def _gather(
    url: str,
    file: PublishedFile,
    part: Part,
    patience: Patience,
    progress: Progress,
    sleep: Callable[[float], None],
) -> None:
    """Try until the part is whole, or too many tries bring nothing new."""
    failed, furthest = 0, part.size
    while part.size == 0 or part.size != part.total:
        try:
            receive(url, file, part, patience, progress)
        except TryAgainError as again:
            # Only bytes never seen before are a gain: a server that begins anew and
            # is cut at the same place each time must not be asked for ever.
            failed = 1 if part.size > furthest else failed + 1
            furthest = max(furthest, part.size)
            if failed >= patience.tries:
                raise DataError(_given_up(url, part, failed, again.reason)) from again
            pause = patience.pause(failed, again.asked_s)
            said = f"{again.reason}; try {failed + 1} of {patience.tries}"
            told = f"{said} in {pause:.0f} s {BYTES}"
            progress(part.size, part.total or 0, told)
            sleep(pause)
        else:
            return


def _given_up(url: str, part: Part, failed: int, reason: str) -> str:
    kept = f" {part.size:,} bytes are kept in {part.path}." if part.size else ""
    return (
        f"{shown(url)} could not be fetched, {failed} tries in a row: {reason}."
        f"{kept} Call again to go on, or give a mirror with --base-url."
    )


def _accept(url: str, file: PublishedFile, part: Part, progress: Progress) -> None:
    if not part.path.exists():
        raise DataError(f"{shown(url)} is empty. Give a mirror with --base-url.")
    md5, size = hashed(part.path, "md5", "checking", progress), part.size
    if md5 != file.md5:
        part.clear()
        raise DataError(
            f"{shown(url)} gave {size:,} bytes with md5 {md5}, not {file.md5}: not "
            "the published file; removed. Call again or give another --base-url."
        )
    part.finish()
