"""What is published, where, under which terms, and how to know it is genuine."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from agegender.data.address import shown
from agegender.errors import ConfigError

HOME: Final = "https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/static"
TERMS: Final = (
    "IMDB-WIKI is for academic research only, and its photos belong to their owners "
    "(Rothe et al., IJCV 2018)"
)


@dataclass(frozen=True)
class PublishedFile:
    """A file that anybody may fetch and nobody may change.

    Args:
        name: Of the file, wherever it lies.
        md5: Of its content, 32 hexadecimal digits.
        largest: Bytes above which it cannot be the file.
    """

    name: str
    md5: str
    largest: int = 16 * 2**30


FILES: Final[dict[str, PublishedFile]] = {
    "wiki": PublishedFile("wiki_crop.tar", "f536eb7f5eae229ae8f286184364b42b"),
    "imdb": PublishedFile("imdb_crop.tar", "44b7548f288c14397cb7a7bab35ebe14"),
    "imdb-meta": PublishedFile("imdb_meta.tar", "469433135f1e961c9f4c0304d0b5db1e"),
}


def address(file: PublishedFile, base_url: str | None) -> str:
    """Return where a file is fetched from.

    Args:
        file: The file.
        base_url: The folder of a mirror, http or https; the authors' by default.

    Raises:
        ConfigError: If the mirror's address is none.
    """
    base = HOME if base_url is None else base_url
    if not _is_folder(base):
        raise ConfigError(
            "--base-url must be a folder's plain http:// or https:// address. "
            f"Received: {shown(base)!r}."
        )
    return f"{base.rstrip('/')}/{file.name}"


def _is_folder(base: str) -> bool:
    try:
        parts = urlsplit(base)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    is_plain = base.isprintable() and " " not in base and not parts.query
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    return is_web and is_plain and not parts.fragment
