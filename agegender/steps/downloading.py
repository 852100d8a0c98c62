"""From the authors' server, or a mirror, to an archive: `download`."""

from pathlib import Path
from typing import Literal

from agegender.errors import ConfigError
from agegender.progress import Progress, silent
from agegender.steps.outcome import Outcome


def download(
    what: Literal["wiki", "imdb", "imdb-meta"],
    out: str = ".",
    base_url: str | None = None,
    accept_terms: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Fetch a published archive; go on where a broken call stopped.

    Args:
        what: Crops of WIKI (about 1 GB), of IMDB (about 7 GB), or IMDB's metadata.
        out: Folder that gets the archive.
        base_url: Folder of a mirror, http or https; the authors' by default.
        accept_terms: Needed: academic research only; the photos belong to their owners.
        progress: Called with bytes received.

    Returns:
        The archive's path, once its md5 is right.
    """
    from agegender.data.download import FILES, TERMS, fetch

    if what not in FILES:
        raise ConfigError(
            f"what must be one of {', '.join(FILES)}. Received: {what!r}."
        )
    if not accept_terms:
        raise ConfigError(f"{TERMS}. Agree with --accept-terms to download it.")
    file = FILES[what]
    path = fetch(file, Path(out), base_url, progress=progress)
    size = path.stat().st_size
    data = {"file": str(path), "bytes": size, "md5": file.md5}
    return Outcome(
        data, f"{path}: {size:,} bytes, md5 {file.md5} as published. {TERMS}."
    )
