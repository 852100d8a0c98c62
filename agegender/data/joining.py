"""From decoded parts and selected rows to the files of a store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from agegender.config import CropRule, FilterRules, SplitRules
from agegender.data.decode import MISSING, REASONS
from agegender.data.dropped import EXAMPLES, write_examples
from agegender.data.duplicates import CONFLICTING, conflicts, count_duplicates
from agegender.data.filters import Funnel
from agegender.data.inputs import Selection
from agegender.data.listing import FAULTS
from agegender.data.manifest import StoreManifest
from agegender.data.parts import Parts
from agegender.data.rows_file import ROWS, write_rows
from agegender.data.sources.source import NOT_KEPT
from agegender.data.sources.table import Table
from agegender.data.splits import deal, join_identities
from agegender.data.store import fill_store
from agegender.errors import DataError


class Job(NamedTuple):
    """How a store is made."""

    crop_rule: CropRule
    rules: FilterRules
    split_rules: SplitRules


def join_parts(
    place: Path, parts: Parts, selections: Sequence[Selection], job: Job
) -> None:
    """Write the files of a store.

    Args:
        place: An empty folder.
        parts: All that was decoded.
        selections: The rows, input by input.
        job: How they are to be cut, dropped and dealt.

    Raises:
        DataError: If no face is left, or a part is damaged.
    """
    rows = _joined([one.rows for one in selections])
    outcomes = parts.outcomes().reindex(rows.index)
    absent = pd.concat([_absent(one) for one in selections])
    reasons, digests = outcomes["reason"].fillna(absent), outcomes["digest"]
    fit = reasons == ""
    duplicates = count_duplicates(rows[fit], digests[fit])
    if job.rules.conflicting_duplicates == "drop":
        at_odds = conflicts(rows[fit], digests[fit])
        reasons = reasons.mask(
            at_odds.reindex(rows.index, fill_value=False), CONFLICTING
        )

    funnels = [_counted(one, reasons) for one in selections]
    total = sum_funnels(funnels)
    if total.kept == 0:
        parts.remove()
        raise DataError(
            f"no face left: {total}. Loosen the rules or check the archive."
        )

    kept = reasons.index[(reasons == "").to_numpy()]
    manifest = _manifest(job, selections, funnels, duplicates)
    labels = _labels(rows.loc[kept], digests[kept], job.split_rules)
    fill_store(place, parts.pieces(kept), labels, manifest)
    histories = [_history(one, reasons) for one in selections]
    write_rows(place / ROWS, pd.concat(histories))
    archives = [one.opened.archive for one in selections]
    write_examples(place / EXAMPLES, archives, histories, job.crop_rule)


def sum_funnels(funnels: Sequence[Funnel]) -> Funnel:
    """Add funnels up, rule by rule."""
    total = Funnel(sum(one.read for one in funnels))
    for one in funnels:
        total = total.drop(one.dropped)
    return total


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of all inputs under one another."""
    index = tables[0].index.append([table.index for table in tables[1:]])
    names = dict.fromkeys(name for table in tables for name in table.columns)
    return pd.DataFrame({name: _column(name, tables) for name in names}, index)


def _column(name: str, tables: Sequence[pd.DataFrame]) -> pd.Series:
    """Join a column: text where one input has text in it.

    Whole numbers stay so where all inputs that have the column have those; -1 stands
    for the rows of the others.
    """
    told = [table[name] for table in tables if name in table.columns]
    if all(map(is_integer_dtype, told)):
        lacking = [table.index for table in tables if name not in table.columns]
        told += [pd.Series(-1, index, dtype="int8") for index in lacking]
    elif not all(map(is_numeric_dtype, told)):
        told = [one.astype("str").where(one.notna(), np.nan) for one in told]
    joined: pd.Series = pd.concat(told)
    return joined


def _absent(one: Selection) -> pd.Series:
    """Tell of each row why its photo was not read, if it was not."""
    members = one.opened.archive.members
    listed = members[members["fault"].isin(FAULTS)]
    fault = dict(zip(listed["name"], listed["fault"], strict=True))
    why = [fault.get(name, MISSING) for name in one.rows["member"]]
    return pd.Series(why, one.rows.index, dtype="str")


def _counted(one: Selection, reasons: pd.Series) -> Funnel:
    found = reasons.loc[one.rows.index].value_counts()
    told = [why for why in FAULTS if why in found.index]
    return one.funnel.drop(
        {why: found.get(why, 0) for why in (*told, *REASONS, CONFLICTING)}
    )


def _manifest(
    job: Job,
    selections: Sequence[Selection],
    funnels: Sequence[Funnel],
    duplicates: dict[str, int],
) -> StoreManifest:
    """Tell how the store was made; its hash is filled in as its files are written."""
    return StoreManifest(
        crop_rule=job.crop_rule,
        split_rules=job.split_rules,
        filter_rules=job.rules,
        funnel=sum_funnels(funnels).to_dict(),
        sources=[
            _origin(one, funnel, job.crop_rule)
            for one, funnel in zip(selections, funnels, strict=True)
        ],
        content_hash="",
        duplicates=duplicates,
    )


def _origin(one: Selection, funnel: Funnel, rule: CropRule) -> dict[str, Any]:
    opened = one.opened
    source = opened.source
    table = {}
    if isinstance(source, Table):
        table = {"table": source.file, "table_digest": source.digest}
    return {
        "name": opened.name,
        "archive": opened.archive.path.name,
        "digest": opened.archive.digest(),
        **table,
        "terms": source.terms,
        "rows": funnel.kept,
        "crop": {
            "margin": rule.margin,
            "shift": rule.shift,
            "cut_here": not source.are_crops,
        },
        "names_people": bool((one.rows["identity"] != "").any()),
        "funnel": funnel.to_dict(),
    }


def _labels(rows: pd.DataFrame, digests: pd.Series, rules: SplitRules) -> pd.DataFrame:
    identities = join_identities(rows["identity"], digests, rules.seed)
    labels = pd.DataFrame(
        {
            "id": rows["id"],
            "source": rows["source"],
            "identity": identities,
            "age": rows["age"].astype(np.float32),
            "gender": rows["gender"].astype(np.int8),
            "split": deal(digests if rules.leak else identities, rules),
            "digest": digests,
        }
    )
    return labels.join(rows.drop(columns=[*NOT_KEPT, *labels.columns], errors="ignore"))


def _history(one: Selection, reasons: pd.Series) -> pd.DataFrame:
    """Tell of all rows of an input what became of them."""
    # What the metadata did not show, the photo did.
    seen = reasons.reindex(one.read.index)
    return one.read.assign(source=one.opened.name, rule=seen.fillna(one.rule))
