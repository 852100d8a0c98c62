"""Photos on the web, fetched within limits of time and size; only where asked for.

Proxies and certificates are those of the environment, as `requests` has it.
"""

import time
from typing import Final

import numpy as np
import requests
from numpy.typing import NDArray
from urllib3.exceptions import HTTPError

from agegender.config import PhotoLimits
from agegender.data.address import shown, without_logins
from agegender.errors import DataError
from agegender.predict.finding import is_address
from agegender.predict.photos import Photo, content_of

MAX_BYTES: Final = 50_000_000
MAX_SECONDS: Final = 30.0
"""For one photo, all in all."""

_QUIET_SECONDS: Final = 10.0
_REDIRECTS: Final = 3
_AT_ONCE: Final = 2**16
_PLAIN: Final = {"Accept-Encoding": "identity"}  # a photo is packed already


def fetched_content(photo: Photo, limits: PhotoLimits) -> bytes | NDArray[np.uint8]:
    """Do what `photos.content_of` does, with an address, too.

    Raises:
        DataError: If it cannot be fetched, takes too long or is too large.
    """
    if isinstance(photo, str) and is_address(photo):
        return fetch(photo, min(limits.bytes, MAX_BYTES))
    return content_of(photo, limits)


def fetch(address: str, most: int = MAX_BYTES, seconds: float = MAX_SECONDS) -> bytes:
    """Return what is at an address.

    Args:
        address: http:// or https://; redirected to such at most three times.
        most: Bytes.
        seconds: Until it must be there.

    Raises:
        DataError: If it is not there in time, or larger.
    """
    until = time.monotonic() + seconds

    def leave_unread(answer: requests.Response, **_: object) -> None:
        # Whatever comes with a redirection would be read whole, without our limits.
        if answer.is_redirect:
            answer.close()
            _require_time(answer, until)

    with requests.Session() as session:
        session.max_redirects = _REDIRECTS
        session.hooks["response"] = [leave_unread]
        quiet = min(_QUIET_SECONDS, seconds)
        try:
            with session.get(
                address, stream=True, timeout=quiet, headers=_PLAIN
            ) as answer:
                answer.raise_for_status()
                return _body(answer, most, until)
        except (OSError, ValueError, HTTPError) as error:
            line = str(error).splitlines()[0] if str(error) else type(error).__name__
            # As given, and as it was sent: others quote either, or whither it led.
            told = without_logins(line.replace(address, shown(address)))
            raise DataError(f"{shown(address)} cannot be fetched: {told}.") from error


def _body(answer: requests.Response, most: int, until: float) -> bytes:
    body = bytearray()
    # What has come, be it a byte: a trickle must not outlast the limit.
    while piece := answer.raw.read1(_AT_ONCE):
        body += piece
        if len(body) > most:
            raise DataError(f"{shown(answer.url)} holds more than {most:,} bytes.")
        _require_time(answer, until)
    return bytes(body)


def _require_time(answer: requests.Response, until: float) -> None:
    if time.monotonic() > until:
        raise DataError(f"{shown(answer.url)} takes too long; it was given up.")
