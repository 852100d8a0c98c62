"""What goes into a store: one data set, or several that are cut alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd
import yaml

from agegender.config import CropRule, FilterRules
from agegender.data.ages import with_ages
from agegender.data.archive import open_archive
from agegender.data.filters import Funnel, filter_rows
from agegender.data.listing import Archive
from agegender.data.rows_file import RECORDED
from agegender.data.sources.registry import find_source
from agegender.data.sources.source import Source
from agegender.errors import ConfigError, DataError

TOLD_OF_ALL: Final = ("id", "member", *RECORDED)
"""What stays known of the rows that are dropped."""


@dataclass(frozen=True)
class Input:
    """A data set and where it lies.

    Args:
        source: What it is.
        archive: The tar file to read.
        folder: Or the folder to read.
        name: What the store calls it; the source's name if not given. Two inputs
            of one source need names, since their people are not the same.
    """

    source: str
    archive: str | Path | None = None
    folder: str | Path | None = None
    name: str | None = None


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
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"inputs {path} cannot be read: {reason}.") from error
    if not isinstance(entries, list) or not entries:
        raise ConfigError(
            f"inputs {path} must be a list of {{source, archive or folder, name}}. "
            f"Received: {type(entries).__name__}."
        )
    return [_input(entry, path) for entry in entries]


def _input(entry: Any, path: Path) -> Input:
    try:
        given = Input(**entry)
    except TypeError as error:
        raise ConfigError(
            f"inputs {path} must list {{source, archive or folder, name}}. "
            f"Received: {entry!r}."
        ) from error
    archive, folder = (
        None if place is None else path.parent / place
        for place in (given.archive, given.folder)
    )
    return Input(given.source, archive, folder, given.name)


def open_inputs(inputs: Sequence[Input]) -> list[Opened]:
    """Open the archives; their names must differ and their crops agree.

    Raises:
        AgeGenderError: If an archive is not there, or inputs do not go together.
    """
    sources = [find_source(given.source) for given in inputs]
    names = [given.name or given.source for given in inputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(
            f"inputs need names that differ. Received several times: {twice}."
        )
    crops = {(source.margin, source.shift): source.name for source in sources}
    if len(crops) > 1:
        cuts = ", ".join(
            f"{name} (margin {margin:g}, shift {shift:g})"
            for (margin, shift), name in crops.items()
        )
        raise DataError(
            f"pictures cut in different ways cannot share a store: {cuts}. "
            "Make a store of each."
        )
    archives = [
        open_archive(_absolute(given.archive), _absolute(given.folder))
        for given in inputs
    ]
    return [*map(Opened, names, sources, archives)]


def crop_rule_of(opened: Sequence[Opened], size: int) -> CropRule:
    """Return the rule by which all these pictures are cut."""
    source = opened[0].source
    return CropRule(margin=source.margin, shift=source.shift, size=size)


def select_rows(opened: Sequence[Opened], rules: FilterRules) -> list[Selection]:
    """Read and filter the rows of each input; positions run on from one to the next."""
    selections, start = [], 0
    for one in opened:
        read = with_ages(one.source.rows(one.archive), rules.age_formula)
        read = read.set_axis(pd.RangeIndex(start, start + len(read)))
        start += len(read)
        rows, funnel, rule = filter_rows(read, rules)
        rows = rows.assign(
            source=one.name, identity=_prefixed(rows["identity"], one.name)
        )
        told = [name for name in TOLD_OF_ALL if name in read.columns]
        selections.append(Selection(one, read[told], rule, rows, funnel))
    return selections


def _prefixed(identities: pd.Series, name: str) -> pd.Series:
    """Let no person of one input pass for one of another."""
    done = (identities == "") | identities.str.startswith(f"{name}:")
    return identities.where(done, f"{name}:" + identities)


def _absolute(path: str | Path | None) -> Path | None:
    # A worker elsewhere has another working directory.
    return None if path is None else Path(path).absolute()
