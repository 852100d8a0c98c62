"""One question to a server, and what its answer adds to the part."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import requests
from urllib3.exceptions import LocationParseError

from agegender.data.address import shown
from agegender.data.download.part import AT_ONCE, Origin, Part
from agegender.data.download.patience import Patience, TryAgainError, asked_pause
from agegender.data.download.published import PublishedFile
from agegender.data.download.room import check_room
from agegender.errors import DataError
from agegender.progress import BYTES, Progress

_AGAIN: Final = {408, 425, 429}
_PASSING: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


def receive(
    url: str, file: PublishedFile, part: Part, patience: Patience, progress: Progress
) -> None:
    """Ask for what the part lacks and append it.

    Args:
        url: Of the file.
        file: What is fetched.
        part: What there is of it; empty if the server cannot continue it.
        patience: Limits of waiting.
        progress: Called with bytes received.

    Raises:
        TryAgainError: If the answer was cut, late, or of no use this time.
        DataError: If asking again is of no use.
    """
    with _answer(url, part, patience) as answer:
        if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            _judge_the_end(answer.headers, url, part)
            return
        _refuse(answer, url)
        _place(answer, url, part)
        total = part.total
        check_room(part, total, file)
        most = file.largest if total is None else total
        with part.path.open("ab") as out:
            done = out.tell()
            for piece in answer.iter_content(AT_ONCE):
                out.write(piece)
                done += len(piece)
                if done > most:
                    break
                progress(done, total or 0, f"downloading {file.name} {BYTES}")
        # An open file cannot be removed everywhere.
        if done > most:
            part.clear()
            raise DataError(
                f"the server sends more than the {most:,} bytes that {file.name} may "
                "have; what came is removed. Give a mirror with --base-url."
            )
    if total is not None and done < total:
        raise TryAgainError("the server sent less than all")


@contextmanager
def _answer(url: str, part: Part, patience: Patience) -> Iterator[requests.Response]:
    """Give the server's answer; what goes wrong until it is read becomes ours."""
    limits = (patience.connect_s, patience.stall_s)
    try:
        with requests.get(
            url, headers=_question(url, part), stream=True, timeout=limits
        ) as answer:
            yield answer
    except _PASSING as error:
        text = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            raise DataError(f"{shown(url)} shows no valid certificate.") from error
        raise TryAgainError(_reason(error, patience)) from error
    except (requests.RequestException, LocationParseError) as error:
        kind = type(error).__name__
        raise DataError(f"{shown(url)} cannot be fetched ({kind}).") from error


def _reason(error: requests.RequestException, patience: Patience) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {patience.connect_s:g} s"
    if "timed out" in str(error):
        return f"nothing came for {patience.stall_s:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    return "no answer"


def _question(url: str, part: Part) -> dict[str, str]:
    # Ranges count the bytes of what is sent: it must be the file itself.
    asked = {"User-Agent": "agegender", "Accept-Encoding": "identity"}
    if part.size == 0:
        return asked
    asked["Range"] = f"bytes={part.size}-"
    origin = part.origin
    if origin is not None and origin.url == url and origin.condition is not None:
        asked["If-Range"] = origin.condition
    return asked


def _refuse(answer: requests.Response, url: str) -> None:
    status = answer.status_code
    told = f"{status} {answer.reason or ''}".strip()
    if status in _AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        pause = asked_pause(answer.headers.get("Retry-After"))
        raise TryAgainError(f"the server answered {told}", pause)
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise DataError(
            f"{shown(url)} is not to be had: the server answered {told}. "
            "Give a mirror with --base-url."
        )
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise DataError(
            f"{shown(url)} is sent in another coding than asked for. "
            "Give a mirror with --base-url."
        )


def _place(answer: requests.Response, url: str, part: Part) -> None:
    """Make the part end where the answer begins."""
    headers = answer.headers
    etag, modified = headers.get("ETag"), headers.get("Last-Modified")
    if answer.status_code == HTTPStatus.OK:
        length = headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        part.begin(Origin(url, etag, modified, total))
        return
    span = re.fullmatch(
        r"bytes (\d+)-(\d+)/(\d+|\*)", headers.get("Content-Range", "").strip()
    )
    if span is None or not part.size == int(span[1]) <= int(span[2]):
        part.clear()
        raise TryAgainError("the server sent another part than asked for")
    total = None if span[3] == "*" else int(span[3])
    now, before = Origin(url, etag, modified, total), part.origin
    if before is not None and not before.may_continue(now):
        part.clear()
        raise TryAgainError("the file on the server has changed")
    part.note(now)


def _judge_the_end(headers: Mapping[str, str], url: str, part: Part) -> None:
    """Settle what it means that nothing is left to send."""
    total = headers.get("Content-Range", "").rpartition("*/")[2]
    if part.size > 0 and total == str(part.size):
        part.note(Origin(url, total=part.size))
        return
    part.clear()
    raise TryAgainError("the file on the server is shorter than its part here")
