"""From an archive to a face store: `sample` and `prep`."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agegender.config import FilterRules, SplitRules
from agegender.errors import ConfigError
from agegender.progress import Progress, silent
from agegender.steps.data_page import show_store
from agegender.steps.outcome import Outcome

if TYPE_CHECKING:
    from agegender.data.inputs import Input
    from agegender.data.store import FaceStore

Source = Literal[
    "imdb",
    "wiki",
    "imdb-full",
    "wiki-full",
    "utkface",
    "fairface",
    "fairface-025",
    "appa-real",
    "table",
    "mat-db",
    "sample",
]


def sample(
    out: str, faces: int = 3000, seed: int = 0, progress: Progress = silent
) -> Outcome:
    """Draw faces into an IMDB-WIKI-shaped archive.

    Args:
        out: Folder that gets wiki_crop.tar, and photos/ to predict on.
        faces: Rows of the archive, bad ones among them.
        seed: Of everything drawn; the same seed gives the same bytes.
        progress: Called as rows are drawn.

    Returns:
        The paths written.
    """
    from agegender.data.sample import write_sample

    paths = write_sample(Path(out), faces=faces, seed=seed, progress=progress)
    data = {"archive": str(paths.archive), "photos": str(paths.photos), "rows": faces}
    text = f"{faces} rows drawn into {paths.archive}, photos in {paths.photos}"
    return Outcome(data, text)


def prep(
    source: Source | None = None,
    out: str | None = None,
    archive: str | None = None,
    folder: str | None = None,
    table: str | None = None,
    metadata: str | None = None,
    size: int = 64,
    margin: float | None = None,
    shift: float | None = None,
    rules: FilterRules = FilterRules(),
    splits: SplitRules = SplitRules(),
    workers: int | None = None,
    inputs: str | None = None,
    scheduler: str | None = None,
    also_mat: str | None = None,
    parts: str | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Make a face store of an archive: filter, crop, split.

    Args:
        source: What the archive is.
        out: Folder of the store; not with --dry-run.
        archive: The archive as published (tar or tar.gz).
        folder: The archive unpacked, or the folder that holds its several tar
            files, instead.
        table: Of source table: CSV or Parquet with path, age, and perhaps gender,
            identity, race and the face's box x1, y1, x2, y2.
        metadata: A .mat alone, with --dry-run.
        size: Side of the faces, in pixels.
        margin: Of whole photos and of tables: photo around the face box, as a share
            of its longer side; 0.4, or as other inputs are cut.
        shift: How far below the box's centre the crop's lies; 0, or as others.
        rules: Which rows are kept.
        splits: How identities are dealt to train, validation and test.
        workers: Threads that decode; one a core by default.
        inputs: Instead of source, archive and folder: a YAML or JSON file that
            lists several as {source, archive or folder, table, name,
            margin, shift}.
        scheduler: Address of a Dask scheduler whose workers decode, tcp://...
        also_mat: File that gets the faces as the original experiment's database,
            imdb_db.mat. It holds less than 2 GiB, 174,762 faces of 64 px; where
            there are more, or it cannot be written, the exit code is 3 and the
            store, if it is made already, stays.
        parts: Folder or URL (s3://..., anything fsspec reaches) where decoded chunks
            lie until the store is whole; beside the store by default.
        dry_run: Read the metadata alone and print the funnel as JSON.
        progress: Called as faces are cropped.

    Returns:
        The funnel: rows read, dropped by rule, kept.
    """
    from agegender.data.prepare import funnel_of, prepare

    given = _given(source, inputs)
    if dry_run:
        if also_mat is not None:
            raise ConfigError("--also-mat needs a store: leave --dry-run out.")
        funnel = funnel_of(
            given,
            rules,
            metadata=metadata,
            archive=archive,
            folder=folder,
            table=table,
        )
        return Outcome.of_json(funnel.to_dict())
    store = prepare(
        given,
        _required_place(out, metadata),
        archive=archive,
        folder=folder,
        table=table,
        size=size,
        margin=margin,
        shift=shift,
        rules=rules,
        split_rules=splits,
        workers=workers,
        scheduler=scheduler,
        also_mat=also_mat,
        parts_at=parts,
        progress=progress,
    )
    return _outcome(store, also_mat)


def _given(source: Source | None, inputs: str | None) -> "Source | list[Input]":
    """Return what to read: one data set, or the several that a file lists."""
    from agegender.data.inputs import read_inputs

    if source is not None and inputs is None:
        return source
    if inputs is not None and source is None:
        return read_inputs(inputs)
    raise ConfigError("prep needs either --source SOURCE or --inputs FILE.")


def _required_place(out: str | None, metadata: str | None) -> str:
    """Return where the store shall be, once it is sure that one can be made."""
    if out is None:
        raise ConfigError("prep needs --out STORE (or --dry-run). Received neither.")
    if metadata is not None:
        raise ConfigError(
            "--metadata holds no pictures, so it needs --dry-run. "
            "Give --archive or --folder to make a store."
        )
    return out


def _outcome(store: "FaceStore", also_mat: str | None) -> Outcome:
    """Tell of a store that is whole, and show it on its page."""
    page, trouble = show_store(store)
    data = {"store": str(store.path), "page": str(page), **store.manifest.funnel}
    text = _summary(store)
    if also_mat is not None:
        data["also_mat"] = also_mat
        text += f"\n{len(store):>8,} also in {also_mat}"
    if trouble is not None:
        # The store is what was asked for; it is there.
        told = f"the store is whole, but it has no page: {trouble}"
        return Outcome(data, text, complaint=told)
    return Outcome(data, f"{text}\nlook at {page}")


def _summary(store: "FaceStore") -> str:
    """Tell what was read, dropped and kept, and how it was dealt."""
    counted = store.manifest.funnel
    counts = store.labels["split"].value_counts()
    lines = [f"{counted['read']:>8,} rows read"]
    lines += [f"{n:>8,} dropped: {rule}" for rule, n in counted["dropped"].items() if n]
    lines += [f"{counted['kept']:>8,} kept in {store.path}"]
    lines += [
        f"{counts.get(split, 0):>8,} {split}"
        for split in ("train", "validation", "test")
    ]
    lines += [
        f"{source['name']} names no people: only identical pictures are known to "
        "belong to one split"
        for source in store.manifest.sources
        if not source.get("names_people", True)
    ]
    if store.manifest.split_rules.leak:
        from agegender.data.splits import LEAKING

        lines.append(LEAKING)
    return "\n".join(lines)
