"""Addresses as people may see them."""

from urllib.parse import urlsplit


def shown(url: str) -> str:
    """Return an address without the password that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:  # none that could be reached
        return url
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
