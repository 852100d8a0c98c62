"""How often a JPEG draws its picture over.

A progressive JPEG comes in scans, each of which goes over the whole picture; about
ten are usual. One of a dozen bytes is a scan, too, so that a small file may ask for
thousands and keep a decoder busy for many minutes. Decoders have no limit of their
own.
"""

import re
from typing import Final

from agegender.errors import DataError

MOST_SCANS: Final = 100
"""Ten times as many as encoders write."""

_MARKER: Final = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""What ends a scan. A decoder passes over the others, restarts and nonsense."""

_BEGIN, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


def refuse_endless_scans(encoded: bytes) -> None:
    """Raise at a JPEG of more than `MOST_SCANS` scans.

    Args:
        encoded: The file's bytes.

    Raises:
        DataError: If it has more.
    """
    # Fewer marks than that, wherever they lie, are the rule and cost nothing.
    if encoded.count(_SCAN) > MOST_SCANS and _count(encoded) > MOST_SCANS:
        raise DataError(
            f"photo of {len(encoded)} bytes draws its picture over more than "
            f"{MOST_SCANS} times. Save it anew."
        )


def _count(encoded: bytes) -> int:
    """Count scans up to one too many, as a decoder meets them.

    Notes, previews and films that phones append hold marks that are no scans.
    """
    at, scans = 0, 0
    while scans <= MOST_SCANS and (found := _MARKER.search(encoded, at)):
        marker, at = found[0], found.end()
        if marker == _END:
            break
        scans += marker == _SCAN
        if marker != _BEGIN:
            at += int.from_bytes(encoded[at : at + 2], "big")
    return scans
