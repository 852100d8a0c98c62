"""What goes into a store: one data set, or several that are cut alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd

from agegender.config import CropRule, FilterRules
from agegender.data.ages import with_ages
from agegender.data.archive import open_archive
from agegender.data.filters import Funnel, filter_rows
from agegender.data.listing import BOX, Archive
from agegender.data.places import absolute
from agegender.data.rows_file import RECORDED
from agegender.data.sources.imdb_wiki import ImdbWiki
from agegender.data.sources.registry import find_source
from agegender.data.sources.source import Source
from agegender.data.sources.table import NAME as TABLE
from agegender.data.sources.table import Table, read_table
from agegender.errors import ConfigError, DataError
from agegender.plain_yaml import read_plain

ENTRY: Final = "{source, archive or folder, table, name, margin, shift}"

TOLD_OF_ALL: Final = ("id", "member", *BOX, *RECORDED)
"""What stays known of the rows that are dropped."""


@dataclass(frozen=True)
class Input:
    """A data set and where it lies.

    Args:
        source: What it is.
        archive: The tar file to read.
        folder: Or the folder to read.
        table: Of source `table`, the CSV or Parquet file that says who is where.
        name: What the store calls it; the source's name if not given. Two inputs
            of one source need names, since their people are not the same.
        margin: Of whole photos, how they shall be cut; of a table's crops, how they
            were, as `CropRule.margin`. As the other inputs if not given.
        shift: The same, as `CropRule.shift`.
    """

    source: str
    archive: str | Path | None = None
    folder: str | Path | None = None
    table: str | Path | None = None
    name: str | None = None
    margin: float | None = None
    shift: float | None = None


class Opened(NamedTuple):
    """An input whose archive is open."""

    name: str
    source: Source
    archive: Archive


class Selection(NamedTuple):
    """The rows of one input."""

    opened: Opened
    read: pd.DataFrame  # all rows: id, member and more; positions are the index
    rule: pd.Series  # of all rows: the rule that drops it, else empty
    rows: pd.DataFrame  # those that the rules keep
    funnel: Funnel


def read_inputs(path: str | Path) -> list[Input]:
    """Read a YAML or JSON list of inputs; relative paths start at its folder.

    Raises:
        ConfigError: If it is no list of inputs.
    """
    path = Path(path)
    try:
        entries = read_plain(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"inputs {path} cannot be read: {error}.") from error
    if not isinstance(entries, list) or not entries:
        raise ConfigError(
            f"inputs {path} must be a list of {ENTRY}. "
            f"Received: {type(entries).__name__}."
        )
    return [_input(entry, path) for entry in entries]


def _input(entry: Any, path: Path) -> Input:
    try:
        given = Input(**entry)
    except TypeError as error:
        raise ConfigError(
            f"inputs {path} must list {ENTRY}. Received: {entry!r}."
        ) from error
    for text in (given.source, given.archive, given.folder, given.table, given.name):
        if not isinstance(text, str | None):
            raise ConfigError(
                f"source, places and names in {path} must be texts. "
                f"Received: {text!r}. Write it in quotes."
            )
    archive, folder, table = (
        None if place is None else path.parent / place
        for place in (given.archive, given.folder, given.table)
    )
    for number in (given.margin, given.shift):
        if isinstance(number, bool) or not isinstance(number, int | float | None):
            raise ConfigError(
                f"margin and shift in {path} must be numbers. Received: {number!r}."
            )
    return replace(given, archive=archive, folder=folder, table=table)


def open_inputs(inputs: Sequence[Input]) -> list[Opened]:
    """Open the archives; their names must differ and their crops agree.

    Raises:
        AgeGenderError: If an archive is not there, or inputs do not go together.
    """
    if not inputs:
        raise ConfigError("there must be at least one input. Received: none.")
    sources = [
        _cut_as_said(source_of(given.source, given.table), given) for given in inputs
    ]
    names = [given.name or given.source for given in inputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(
            f"inputs need names that differ. Received several times: {twice}."
        )
    archives = [
        open_archive(whole_path(given.archive), whole_path(given.folder))
        for given in inputs
    ]
    return [*map(Opened, names, sources, archives)]


def source_of(name: str, table: str | Path | None) -> Source:
    """Return the source of that name; that of a table is the table, read.

    Raises:
        AgeGenderError: If there is none, or a table is missing or out of place.
    """
    if name == TABLE:
        if table is None:
            raise ConfigError("source table needs a table. Give --table LABELS.csv.")
        return read_table(table)
    if table is not None:
        raise ConfigError(
            f"a table goes with source table. Received: {table} for {name}."
        )
    return find_source(name)


def _cut_as_said(source: Source, given: Input) -> Source:
    """Return a source whose crop is known where its input says it."""
    if given.margin is None and given.shift is None:
        return source
    default = CropRule()
    margin = _first(given.margin, source.margin, default.margin)
    shift = _first(given.shift, source.shift, default.shift)
    CropRule(margin=margin, shift=shift)
    if isinstance(source, Table | ImdbWiki) and source.margin is None:
        return replace(source, margin=margin, shift=shift)
    if (margin, shift) != (source.margin, source.shift):
        raise ConfigError(
            f"{source.name} is cut already, with margin {source.margin:g} and shift "
            f"{source.shift:g}. Received: margin {margin:g}, shift {shift:g}."
        )
    return source


def crop_rule_of(
    opened: Sequence[Opened],
    size: int,
    margin: float | None = None,
    shift: float | None = None,
) -> CropRule:
    """Return the rule by which all these pictures are, or will be, cut.

    Published crops decide; whole photos are then cut like them, and a table's
    pictures are taken to be cut like them.

    Args:
        opened: What goes into the store.
        size: Side of the faces, in pixels.
        margin: As the user says; the default rule's where nobody says.
        shift: The same.

    Raises:
        ConfigError: If crops are cut otherwise than the user says.
        DataError: If they are cut in different ways.
    """
    crops = {
        (one.source.margin, one.source.shift): one.source.name
        for one in opened
        if one.source.margin is not None and one.source.shift is not None
    }
    cuts = ", ".join(
        f"{name} (margin {at:g}, shift {below:g})"
        for (at, below), name in crops.items()
    )
    if len(crops) > 1:
        raise DataError(
            f"pictures cut in different ways cannot share a store: {cuts}. "
            "Make a store of each."
        )
    fixed = next(iter(crops), (None, None))
    for name, given, known in (
        ("margin", margin, fixed[0]),
        ("shift", shift, fixed[1]),
    ):
        if given is not None and known is not None and given != known:
            raise ConfigError(
                f"{cuts} is cut already, so --{name} {given:g} cannot be. Leave it out."
            )
    default = CropRule(size=size)
    return replace(
        default,
        margin=_first(fixed[0], margin, default.margin),
        shift=_first(fixed[1], shift, default.shift),
    )


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def select_rows(opened: Sequence[Opened], rules: FilterRules) -> list[Selection]:
    """Read and filter the rows of each input; positions run on from one to the next."""
    selections, start = [], 0
    for one in opened:
        read = with_ages(one.source.rows(one.archive), rules.age_formula)
        read = read.set_axis(pd.RangeIndex(start, start + len(read)))
        start += len(read)
        rows, funnel, rule = filter_rows(read, rules)
        rows = rows.assign(source=one.name, identity=_people(rows["identity"], one))
        told = [name for name in TOLD_OF_ALL if name in read.columns]
        selections.append(Selection(one, read[told], rule, rows, funnel))
    return selections


def _people(identities: pd.Series, one: Opened) -> pd.Series:
    """Let no person of an input with a name of its own pass for one of another.

    Sources tell their people apart themselves, and know which of them share theirs.
    """
    if one.name == one.source.name:
        return identities
    return identities.where(identities == "", f"{one.name}:" + identities)


def whole_path(path: str | Path | None) -> Path | None:
    """Return the path from the root, where there is one.

    A worker elsewhere has another working directory, and tables may name photos so.
    """
    return None if path is None else absolute(path)
