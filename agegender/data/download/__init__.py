"""The published archives, fetched whole or not at all."""

from agegender.data.download.fetch import fetch
from agegender.data.download.patience import Patience
from agegender.data.download.published import FILES, TERMS, PublishedFile

__all__ = ["FILES", "TERMS", "Patience", "PublishedFile", "fetch"]
