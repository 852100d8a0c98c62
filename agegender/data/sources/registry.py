"""The sources by name."""

from typing import Final

from agegender.data.sources.appa_real import APPA_REAL
from agegender.data.sources.fairface import FAIRFACE, FAIRFACE_TIGHT
from agegender.data.sources.imdb_wiki import (
    IMDB,
    IMDB_FULL,
    SAMPLE,
    WIKI,
    WIKI_FULL,
)
from agegender.data.sources.mat_db import MAT_DB
from agegender.data.sources.source import Source
from agegender.data.sources.utkface import UTKFACE
from agegender.errors import ConfigError

SOURCES: Final[dict[str, Source]] = {
    source.name: source
    for source in (
        IMDB,
        WIKI,
        IMDB_FULL,
        WIKI_FULL,
        UTKFACE,
        FAIRFACE,
        FAIRFACE_TIGHT,
        APPA_REAL,
        MAT_DB,
        SAMPLE,
    )
}


def find_source(name: str) -> Source:
    """Return the source of that name; a table is one once it is read.

    Raises:
        ConfigError: If there is none.
    """
    if name not in SOURCES:
        raise ConfigError(
            f"source must be table or one of {', '.join(SOURCES)}. Received: {name!r}."
        )
    return SOURCES[name]
