"""Addresses as people may see them."""

import re
from typing import Final
from urllib.parse import urlsplit

_LOGIN: Final = re.compile(r"(?<=://)[^\s/?#]*@")


def shown(url: str) -> str:
    """Return an address without the password that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:  # none that could be reached
        return url
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def without_logins(text: str) -> str:
    """Return a text of others without the passwords in the addresses that it quotes."""
    return _LOGIN.sub("", text)
