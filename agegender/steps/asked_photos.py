"""Which photos `predict` is asked about: as many as can be told, none written over."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from agegender.config import AnswerFormat
from agegender.errors import ConfigError, DataError

TOGETHER = frozenset({"table", "json"})
"""Formats that are laid out when all photos are answered, in place of a former file."""

MOST_TOGETHER = 10_000
"""Photos of such a table or JSON object."""


def asked_photos(
    paths: list[str],
    recursive: bool,
    allow_urls: bool,
    form: AnswerFormat,
    out: Path | None,
    pictures: Path | None,
) -> Sequence[str]:
    """Find the photos, and make sure that nothing is written over one.

    Args:
        paths: As given to `predict`; `-` stands for standard input.
        recursive: Search folders inside folders too.
        allow_urls: Take addresses, too.
        form: What the answers are written as.
        out: File that gets them; None for standard output.
        pictures: Folder that gets a picture a photo, if any.

    Returns:
        Paths and addresses, none twice.

    Raises:
        ConfigError: If there are too many for the format, an address is not allowed,
            or a photo would be written over.
        DataError: If a path does not exist, or there is no photo.
    """
    from agegender.predict import find_photos
    from agegender.predict.annotated_folder import require_elsewhere

    photos = find_photos(
        paths,
        recursive=recursive,
        listed=_listed(),
        allow_urls=allow_urls,
        besides=pictures,
    )
    _require_fit(form, photos)
    if out is not None and form in TOGETHER:
        _require_no_photo(out, photos)
    if pictures is not None:
        require_elsewhere(pictures, photos)
    return photos


def _listed() -> Iterator[str]:
    """Yield the lines of standard input, names of files in whatever bytes."""
    # Where standard input is closed, Python has none.
    lines = iter(sys.stdin.buffer if sys.stdin else ())
    first = next(lines, b"").removeprefix(BOM_UTF8)
    for line in chain([first], lines):
        # As `os.fsdecode`, which on Windows fails at what is not UTF-8.
        yield line.decode(sys.getfilesystemencoding(), "surrogateescape")


def _require_fit(form: AnswerFormat, photos: Sequence[str]) -> None:
    if not photos:
        raise DataError("no photo is listed on standard input. List a path a line.")
    if form in TOGETHER and len(photos) > MOST_TOGETHER:
        raise ConfigError(
            f"--format {form} lays out at most {MOST_TOGETHER:,} photos: take jsonl, "
            f"csv or parquet. Received: {len(photos):,} photos."
        )


def _require_no_photo(out: Path, photos: Sequence[str]) -> None:
    """Keep answers from replacing a photo; those that grow refuse foreign files."""
    for photo in photos if out.exists() else ():
        # What cannot be looked at is not there to be replaced.
        with suppress(OSError, ValueError):
            if out.samefile(photo):
                raise ConfigError(
                    f"--out would replace the photo {photo}. Name another file."
                )
