"""A whole sample in one call: archive and photos."""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import NamedTuple

import pandas as pd

from agegender.cores import usable_cores
from agegender.data.places import is_taken
from agegender.data.sample.archive import FOLDER, METADATA, is_drawn, write_archive
from agegender.data.sample.metadata import matlab_file
from agegender.data.sample.photos import foreign_photos, write_photos
from agegender.data.sample.picture import Picture, draw_picture
from agegender.data.sample.rows import EDGES, draw_rows
from agegender.errors import ConfigError, DataError
from agegender.progress import Progress, silent

CHUNK = 8
"""Pictures handed to a worker at a time."""

WORTH_A_POOL = 300
"""Fewer pictures are drawn sooner than a second process has started."""


class SamplePaths(NamedTuple):
    """Where a sample lies.

    Args:
        archive: A tar file in the shape of wiki_crop.tar.
        photos: A folder of larger photos.
        labels: The truth about the photos, a csv file.
    """

    archive: Path
    photos: Path
    labels: Path


def write_sample(
    out: Path,
    faces: int = 3000,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = silent,
) -> SamplePaths:
    """Draw faces into an archive of IMDB-WIKI's shape, and photos to predict on.

    Same seed, same bytes, whatever the number of workers. Where `workers` is not 1,
    a script that calls this needs `if __name__ == "__main__":`, as other processes
    import it.

    Args:
        out: Folder, made if need be; an earlier sample in it is replaced.
        faces: Rows of the archive, faulty ones included.
        seed: Of everything drawn, 0 or more.
        workers: Processes that draw; None takes one for each processor.
        progress: Told how many pictures are drawn.

    Returns:
        Where all was written.

    Raises:
        ConfigError: If a number is out of range.
        DataError: If `out` is no folder and cannot be made one or be written to, or
            holds files of these names that are not of an earlier sample.
    """
    for name, value, least in (("faces", faces, 1), ("seed", seed, 0)):
        if value < least:
            raise ConfigError(f"{name} must be at least {least}. Received: {value}.")
    if workers is not None and workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: {workers}.")
    folder = _folder(Path(out))
    archive, photos = folder / f"{FOLDER}.tar", folder / "photos"
    _refuse_foreign(archive, photos)
    rows = draw_rows(faces, seed)
    try:
        labels = write_photos(photos, seed)
        write_archive(archive, _members(rows, seed, workers, progress))
    except OSError as error:
        raise DataError(
            f"the sample cannot be written to {out}: {error.strerror or error}. "
            "Make room, or name a place that you may write to."
        ) from error
    return SamplePaths(archive, photos, labels)


def _folder(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise DataError(
            f"a sample is written into a folder. Received a file: {out}. "
            "Name a folder, or one that does not exist yet."
        ) from error
    except OSError as error:
        raise DataError(
            f"cannot make the folder {out} ({error.strerror}). "
            "Name a place that you may write to."
        ) from error
    return out


def _refuse_foreign(archive: Path, photos: Path) -> None:
    """Raise if a file would be replaced that no earlier sample has left."""
    taken = [archive] if is_taken(archive) and not is_drawn(archive) else []
    taken += foreign_photos(photos)
    if taken:
        raise DataError(
            f"{taken[0]} exists and was not drawn by this program; it stays. "
            "Give another --out."
        )


def _members(
    rows: pd.DataFrame, seed: int, workers: int | None, progress: Progress
) -> Iterator[tuple[str, bytes | None]]:
    """Yield names and contents of all members, the metadata first."""
    yield METADATA, matlab_file(rows)
    drawn = _draw_all(_pictures(rows, seed), workers)
    for done, (path, content) in enumerate(zip(rows["path"], drawn, strict=True), 1):
        yield path, content
        progress(done, len(rows), "faces drawn")


def _pictures(rows: pd.DataFrame, seed: int) -> list[Picture]:
    names = ("person", "male", "age", "photo_taken", "kind", "width", "height")
    columns = (rows[name].tolist() for name in names)
    beyond = zip(*(rows[f"beyond_{edge}"].tolist() for edge in EDGES), strict=True)
    drawn = zip(rows.index.tolist(), *columns, beyond, strict=True)
    return [Picture(seed, *row) for row in drawn]


def _draw_all(pictures: list[Picture], workers: int | None) -> Iterable[bytes | None]:
    """Yield the encoded pictures in order, drawn by several processes if it pays."""
    count = workers or usable_cores()
    if count == 1 or (workers is None and len(pictures) < WORTH_A_POOL):
        yield from map(draw_picture, pictures)
        return
    # Spawned, not forked: the caller may have threads that a fork would break.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, _end_with_command)
    try:
        with _deaf_to_ctrl_c():
            drawn = pool.map(draw_picture, pictures, chunksize=CHUNK)
        yield from drawn
    finally:
        with _deaf_to_ctrl_c():
            pool.shutdown()


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Pass over Ctrl-C in the block; processes that it starts do so until they end.

    A terminal sends it to all of them. A pool complains when workers die of it, and
    never ends when its own end is cut short. Outside of the main thread nothing
    changes.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_command() -> None:
    """Let a worker end when the command was killed; it would wait for ever."""
    Thread(target=_end_after_parent, daemon=True).start()


def _end_after_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
