"""From archives of photos to a face store.

Rows are read and filtered by their metadata; what is left is decoded in chunks
beside the place where the store shall be; photos that turn out missing, broken or
blank are set aside with the reason; identities are dealt to splits; and only when
all is written does the store appear. A run that was interrupted leaves its parts
there, and the next run of the same job goes on from them.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import chain
from pathlib import Path

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.cores import usable_cores
from agegender.data.ages import with_ages
from agegender.data.archive import open_archive
from agegender.data.database.writer import (
    USUALLY_LOST,
    refuse_place,
    refuse_too_many,
    write_database,
)
from agegender.data.filters import Funnel, filter_rows
from agegender.data.inputs import (
    Input,
    Opened,
    Selection,
    crop_rule_of,
    open_inputs,
    select_rows,
    source_of,
    whole_path,
)
from agegender.data.joining import Job, join_parts, sum_funnels
from agegender.data.listing import locate
from agegender.data.parts import Parts, decode_into, fingerprint_of
from agegender.data.places import absolute, followed
from agegender.data.schedule import Pool, cluster, do_all, threads
from agegender.data.sources.table import Table
from agegender.data.staging import refuse_foreign, staged
from agegender.data.store import FaceStore, is_store
from agegender.errors import ConfigError
from agegender.lock import only_writer
from agegender.progress import Progress, silent


def funnel_of(
    source: str | Sequence[Input],
    rules: FilterRules,
    *,
    metadata: str | Path | None = None,
    archive: str | Path | None = None,
    folder: str | Path | None = None,
    table: str | Path | None = None,
) -> Funnel:
    """Count what the rules keep, by the metadata alone; no photo is opened.

    Args:
        source: Name of the data set; or several inputs, each with its own place.
        rules: The limits.
        metadata: A metadata file that lies by itself.
        archive: Or the tar file that holds it.
        folder: Or the folder that holds it.
        table: Of source `table`; it needs no photos to be counted.

    Returns:
        Rows read, dropped by rule and kept.

    Raises:
        AgeGenderError: If the input is not as the source describes.
    """
    if not isinstance(source, str):
        _refuse_beside_inputs(metadata, archive, folder, table)
        opened = open_inputs(source)
        crop_rule_of(opened, CropRule.size)  # refuses what cannot share a store
        return sum_funnels([one.funnel for one in select_rows(opened, rules)])
    kind = source_of(source, table)
    if [metadata, archive, folder].count(None) < 2:
        raise ConfigError(
            "give one of metadata, archive and folder. Received: several."
        )
    if metadata is not None:
        rows = kind.metadata_rows(Path(metadata))
    elif isinstance(kind, Table) and archive is None and folder is None:
        rows = kind.label_rows()
    else:
        rows = kind.rows(open_archive(whole_path(archive), whole_path(folder)))
    return filter_rows(with_ages(rows, rules.age_formula), rules).funnel


def prepare(
    source: str | Sequence[Input],
    out: str | Path,
    *,
    archive: str | Path | None = None,
    folder: str | Path | None = None,
    table: str | Path | None = None,
    size: int = CropRule.size,
    margin: float | None = None,
    shift: float | None = None,
    rules: FilterRules | None = None,
    split_rules: SplitRules | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    also_mat: str | Path | None = None,
    parts_at: str | None = None,
    progress: Progress = silent,
) -> FaceStore:
    """Make a face store of a data set, or of several.

    Args:
        source: Name of the data set; or several inputs, each with its own place.
        out: The store; one that is there is replaced once the new one is whole.
        archive: The tar file to read.
        folder: Or the folder to read.
        table: Of source `table`, the CSV or Parquet file that says who is where.
        size: Side of the faces, in pixels.
        margin: Of whole photos and tables: photo around the face box, as
            `CropRule.margin`; that of the other inputs, or 0.4, if not given.
        shift: The same of `CropRule.shift`, or 0.
        rules: Which rows to keep.
        split_rules: How to deal identities to splits.
        workers: Chunks decoded at a time; all cores if not given.
        executor: Who decodes; threads of this process if not given.
        scheduler: Address of a Dask scheduler whose workers decode; they must see
            the archives, and the parts, under the same paths.
        parts_at: Folder or URL where decoded chunks lie until the store is whole;
            beside the store if not given.
        also_mat: Where to write the store as the original's database, too.
        progress: Told of the photos decoded, by this run and by interrupted ones.

    Returns:
        The store, open. The same input gives the same content hash, whoever decodes
        and however often it was interrupted.

    Raises:
        AgeGenderError: If the input or the place is unfit, or no face is left. The
            store stays where its database alone cannot be written.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"workers must be at least 1. Received: {workers}.")
    if parts_at == "":
        raise ConfigError("parts need a folder or an address. Received: ''.")
    given = _inputs(source, archive, folder, table)
    CropRule(size=size)  # a wrong size fails before anything is opened
    opened = open_inputs(given)
    rules, split_rules = rules or FilterRules(), split_rules or SplitRules()
    job = Job(crop_rule_of(opened, size, margin, shift), rules, split_rules)
    place = followed(out)
    refuse_foreign(place, is_store)
    if also_mat is not None:
        _check_place(absolute(also_mat), [place, *_places(opened)])

    with only_writer(place):
        pool = _pool(executor, scheduler, workers)
        with staged(place, is_store) as partial, pool as hands:
            selections = select_rows(opened, rules)
            if also_mat is not None:
                expected = sum(len(one.rows) for one in selections)
                refuse_too_many(expected, size, lost=USUALLY_LOST)
            parts = _decode(place, selections, job, hands, parts_at, progress)
            try:
                join_parts(partial, parts, selections, job)
            finally:
                parts.remove_if_empty()
        parts.remove()
    store = FaceStore.open(out)
    if also_mat is not None:
        write_database(store, also_mat, progress=progress)
    return store


def _inputs(
    source: str | Sequence[Input],
    archive: str | Path | None,
    folder: str | Path | None,
    table: str | Path | None,
) -> Sequence[Input]:
    """Return the inputs to read; one data set is one whose place lies beside it."""
    if isinstance(source, str):
        return [Input(source, archive, folder, table)]
    _refuse_beside_inputs(archive, folder, table)
    return source


def _refuse_beside_inputs(*places: str | Path | None) -> None:
    if beside := [str(place) for place in places if place is not None]:
        raise ConfigError(
            "each of several inputs has its own archive, folder and table. "
            f"Received beside them: {', '.join(beside)}. Put it into their list."
        )


def _decode(
    out: Path,
    selections: Sequence[Selection],
    job: Job,
    pool: Pool,
    parts_at: str | None,
    progress: Progress,
) -> Parts:
    """Decode what earlier runs have not."""
    archives = [one.opened.archive for one in selections]
    wanted = [locate(one.rows, one.opened.archive) for one in selections]
    digests = [archive.digest(progress) for archive in archives]
    least = job.rules.min_contrast
    fingerprint = fingerprint_of(digests, wanted, job.crop_rule, least)
    parts = Parts(out, fingerprint, parts_at)
    total, done = sum(map(len, wanted)), 0

    def portions() -> Iterator[tuple[object, ...]]:
        nonlocal done
        pairs = zip(archives, wanted, strict=True)
        chunks = chain.from_iterable(archive.chunks(rows) for archive, rows in pairs)
        for number, chunk in enumerate(chunks):
            if before := parts.count_done(number):
                done += before
                progress(done, total, "photos")
            else:
                yield parts.shelf, number, chunk, job.crop_rule, least

    try:
        with closing(do_all(decode_into, portions(), pool)) as counts:
            for count in counts:
                done += count
                progress(done, total, "photos")
    except BaseException:
        parts.remove_if_empty()
        raise
    return parts


def _check_place(database: Path, taken: Sequence[Path]) -> None:
    """Raise if a database cannot be written beside what is read and made."""
    if any(place in {database, *database.parents} for place in taken):
        raise ConfigError(
            "also_mat must be a file beside the store and what is read. "
            f"Received: {database}."
        )
    refuse_place(database)


def _places(opened: Sequence[Opened]) -> list[Path]:
    return [absolute(one.archive.path) for one in opened]


def _pool(
    executor: Executor | None, scheduler: str | None, workers: int | None
) -> AbstractContextManager[Pool]:
    if executor is not None and scheduler is not None:
        raise ConfigError("give an executor or a scheduler. Received: both.")
    if scheduler is not None:
        return cluster(scheduler)
    if executor is not None:
        return nullcontext(Pool(executor, workers or usable_cores()))
    return threads(workers or usable_cores())
