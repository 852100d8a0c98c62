"""From an archive of photos to a face store.

Rows are read and filtered by their metadata; what is left is decoded in chunks
beside the place where the store shall be; photos that turn out missing, broken or
blank are set aside with the reason; identities are dealt to splits; and only when
all is written does the store appear.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.data.archive import open_archive
from agegender.data.decode import MISSING, REASONS, decode_chunks, usable_cores
from agegender.data.filters import Funnel, filter_rows
from agegender.data.listing import Archive
from agegender.data.manifest import StoreManifest
from agegender.data.parts import Parts
from agegender.data.sources.registry import find_source
from agegender.data.sources.source import QUALITY_COLUMNS, Source
from agegender.data.splits import deal, join_identities
from agegender.data.staging import refuse_foreign, staged
from agegender.data.store import FaceStore, fill_store, is_store
from agegender.errors import ConfigError, DataError
from agegender.progress import Progress, silent

SET_ASIDE = "set_aside.csv"
"""Files without a usable face, in the store: id, source, reason."""


class Job(NamedTuple):
    """What is to be prepared, and how."""

    source: Source
    archive: Archive
    crop_rule: CropRule
    rules: FilterRules
    split_rules: SplitRules


def funnel_of(
    source: str,
    rules: FilterRules,
    *,
    metadata: str | Path | None = None,
    archive: str | Path | None = None,
    folder: str | Path | None = None,
) -> Funnel:
    """Count what the rules keep, by the metadata alone; no photo is opened.

    Args:
        source: Name of the data set.
        rules: The limits.
        metadata: A metadata file that lies by itself.
        archive: Or the tar file that holds it.
        folder: Or the folder that holds it.

    Returns:
        Rows read, dropped by rule and kept.

    Raises:
        AgeGenderError: If the input is not as the source describes.
    """
    kind = find_source(source)
    if metadata is None:
        rows = kind.rows(open_archive(_path(archive), _path(folder)))
    elif archive is None and folder is None:
        rows = kind.metadata_rows(Path(metadata))
    else:
        raise ConfigError(
            "give one of metadata, archive and folder. Received: several."
        )
    return filter_rows(rows, rules).funnel


def prepare(
    source: str,
    out: str | Path,
    *,
    archive: str | Path | None = None,
    folder: str | Path | None = None,
    size: int = CropRule.size,
    rules: FilterRules | None = None,
    split_rules: SplitRules | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress = silent,
) -> FaceStore:
    """Make a face store of a data set.

    Args:
        source: Name of the data set.
        out: The store; one that is there is replaced once the new one is whole.
        archive: The tar file to read.
        folder: Or the folder to read.
        size: Side of the faces, in pixels.
        rules: Which rows to keep.
        split_rules: How to deal identities to splits.
        workers: Chunks decoded at a time; all cores if not given.
        executor: Who decodes; threads of this process if not given.
        progress: Told of the photos decoded.

    Returns:
        The store, open. The same input gives the same content hash, whoever decodes.

    Raises:
        AgeGenderError: If the input or the place is unfit, or no face is left.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: {workers}.")
    kind, out = find_source(source), Path(out)
    crop_rule = CropRule(margin=kind.margin, shift=kind.shift, size=size)
    refuse_foreign(out, is_store)
    opened = open_archive(_path(archive), _path(folder))
    rules, split_rules = rules or FilterRules(), split_rules or SplitRules()
    job = Job(kind, opened, crop_rule, rules, split_rules)

    workers = workers or usable_cores()
    with staged(out, is_store) as place, _pool(executor, workers) as pool:
        _fill(place, job, pool, workers, progress)
    return FaceStore.open(out)


def _fill(
    place: Path, job: Job, pool: Executor | None, workers: int, progress: Progress
) -> None:
    read = job.source.rows(job.archive)
    rows, funnel = filter_rows(read, job.rules)
    wanted = _locate(rows, job.archive)
    there = wanted[wanted["place"].notna()].astype({"size": int, "place": int})

    parts, done = Parts(place / "parts"), 0
    chunks = job.archive.chunks(there)
    with closing(decode_chunks(chunks, job.crop_rule, pool, workers)) as decoded:
        for part in decoded:
            parts.add(part)
            done += len(part.positions)
            progress(done, len(there), "photos")

    outcomes = parts.outcomes().reindex(rows.index)
    reasons = outcomes["reason"].fillna(MISSING)
    funnel = funnel.drop({why: int((reasons == why).sum()) for why in REASONS})
    if funnel.kept == 0:
        raise DataError(
            f"no face left: {funnel}. Loosen the rules or check the archive."
        )

    fit = reasons == ""
    labels = _labels(rows[fit], outcomes["digest"][fit], job)
    fill_store(place, parts.pieces(), labels, _manifest(job, funnel))
    parts.remove()
    _write_set_aside(place / SET_ASIDE, read, reasons, job.source.name)


def _locate(rows: pd.DataFrame, archive: Archive) -> pd.DataFrame:
    """Look the rows' members up; `place` is NaN where the archive has none."""
    members = archive.members
    sound = members[members["fault"] == ""].set_index("name")[["size", "place"]]
    return rows[["member"]].rename(columns={"member": "name"}).join(sound, on="name")


def _labels(rows: pd.DataFrame, digests: pd.Series, job: Job) -> pd.DataFrame:
    identities = join_identities(rows["identity"], digests, job.split_rules.seed)
    quality = [name for name in QUALITY_COLUMNS if name in rows.columns]
    return pd.DataFrame(
        {
            "id": rows["id"],
            "source": job.source.name,
            "identity": identities,
            "age": rows["age"].astype(np.float32),
            "gender": rows["gender"].astype(np.int8),
            "split": deal(identities, job.split_rules),
            "digest": digests,
            **{name: rows[name] for name in quality},
        }
    )


def _manifest(job: Job, funnel: Funnel) -> StoreManifest:
    origin: dict[str, Any] = {
        "name": job.source.name,
        "archive": job.archive.path.name,
        "digest": job.archive.digest(),
        "terms": job.source.terms,
        "rows": funnel.kept,
        "crop_margin": job.source.margin,
    }
    return StoreManifest(
        crop_rule=job.crop_rule,
        split_rules=job.split_rules,
        filter_rules=job.rules,
        funnel=funnel.to_dict(),
        sources=[origin],
        content_hash="",
    )


def _write_set_aside(
    path: Path, read: pd.DataFrame, reasons: pd.Series, source: str
) -> None:
    faults = read["fault"] if "fault" in read.columns else pd.Series("", read.index)
    reason = reasons.reindex(read.index).fillna("").where(faults == "", faults)
    table = pd.DataFrame({"id": read["id"], "source": source, "reason": reason})
    table[reason != ""].to_csv(path, index=False, lineterminator="\n")


@contextmanager
def _pool(executor: Executor | None, workers: int) -> Iterator[Executor | None]:
    if executor is not None or workers == 1:
        yield executor
        return
    with ThreadPoolExecutor(workers, "decode") as threads:
        yield threads


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
