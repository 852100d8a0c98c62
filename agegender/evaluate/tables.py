"""Reports as cells of text, and as padded Markdown that is legible unrendered."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from agegender.evaluate.bootstrap import Estimate
from agegender.evaluate.groups import ALL
from agegender.evaluate.metrics import METRICS
from agegender.evaluate.sections import Section

NOTHING = "\N{EN DASH}"
"""Written where a figure is unknown."""


Cells = tuple[list[str], list[list[str]]]
"""A table's header and its rows."""

KEY_TITLES = {"age_band": "age"}
"""How a key's column is headed, where not by its own name."""


def number(value: float, unit: str) -> str:
    """Write a value in its unit; a dash where it is unknown.

    Args:
        value: In `unit`.
        unit: `share` is written as a percentage, `count` as a whole number, anything
            else with two decimals.
    """
    if not math.isfinite(value):
        return NOTHING
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:.1%}" if unit == "share" else f"{value:.2f}"


def span(low: float, high: float, unit: str) -> str:
    """Write an interval; a dash where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"{number(low, unit)} to {number(high, unit)}"


def metric_cells(metrics: Mapping[str, Estimate]) -> Cells:
    """Write one line a measure: faces, value, interval, trivial guess."""
    rows = []
    for name, measured in metrics.items():
        title, unit = METRICS[name].title, METRICS[name].unit
        rows.append(
            [
                title if unit == "share" else f"{title}, {unit}",
                f"{measured.faces:,}",
                number(measured.value, unit),
                span(measured.low, measured.high, unit),
                number(measured.baseline, unit),
            ]
        )
    return ["measure", "faces", "value", "interval", "trivial guess"], rows


def not_measured_text(reasons: Mapping[str, str]) -> str:
    """Say which measures there are none of, and why; nothing where all are there."""
    return "\n".join(
        f"not measured: {', '.join(METRICS[name].title for name in names)} ({reason})"
        for reason, names in _by_reason(reasons).items()
    )


def _by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return names


def group_cells(groups: pd.DataFrame) -> list[Cells]:
    """Write the groups, one line each that has faces; few people are pointed out.

    Args:
        groups: As in a report.

    Returns:
        A table by age band and gender, then one for each further key.
    """
    keys = list(groups.columns[: groups.columns.get_loc("faces")])
    further = keys[2:]
    first = groups[(groups[further] == ALL).all(axis=1)]
    tables = [_group_table(first, keys[:2])]
    tables += [_group_table(groups[groups[key] != ALL], [key]) for key in further]
    return tables


def _group_table(groups: pd.DataFrame, keys: Sequence[str]) -> Cells:
    some = groups[groups["faces"] > 0]
    told = "gender_faces" in some.columns
    # Where every gender is known, the number of faces has been said.
    partly = told and bool((some["gender_faces"] < some["faces"]).any())
    header = [*(KEY_TITLES.get(key, key) for key in keys), "faces"]
    header += ["MAE", "interval", "bias", "<= 5 years"]
    header += ["gender known"] * partly + ["gender right", "interval"] * told
    rows = []
    for row in some.to_dict(orient="records"):
        cells = [str(row[key]) for key in keys]
        cells += [_count(row, "faces", "small")]
        cells += _figures(row, "mean_absolute_error", "years")
        cells += [number(row["age_bias"], "years"), number(row["cs_at_5"], "share")]
        cells += [_count(row, "gender_faces", "gender_small")] if partly else []
        cells += _figures(row, "gender_accuracy", "share") if told else []
        rows.append(cells)
    return header, rows


def _figures(row: Mapping[Any, Any], name: str, unit: str) -> list[str]:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return [number(row[name], unit), span(low, high, unit)]


def _count(row: Mapping[Any, Any], faces: str, small: str) -> str:
    return f"{row[faces]:,}" + (" (few)" if row[small] else "")


def section_cells(section: Section, rows: pd.DataFrame) -> Cells:
    """Write a section's rows: the header, and the cells of each row.

    Args:
        section: Whose columns and units.
        rows: Of its table, those to write.
    """
    header: list[str] = []
    columns: list[list[str]] = []
    for name, unit in section.units.items():
        header.append(name.replace("_", " "))
        values = rows[name].tolist()
        if unit == "text":
            columns.append([str(value) for value in values])
            continue
        columns.append([number(value, unit) for value in values])
        low, high = (
            ("low", "high") if name == "share" else (f"{name}_low", f"{name}_high")
        )
        if low in rows:
            header.append("interval")
            ends = zip(rows[low], rows[high], strict=True)
            columns.append([span(*each, unit) for each in ends])
    return header, [list(row) for row in zip(*columns, strict=True)]


def section_markdown(section: Section) -> str:
    """Write a section in short: title, how to read it, and its brief rows."""
    rows = section.table[section.brief]
    text = f"{section.title}. {section.says}"
    return f"{text}\n\n{markdown(*section_cells(section, rows))}" if len(rows) else text


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a padded Markdown table; the first column to the left."""
    table = [[cell.replace("|", r"\|") for cell in row] for row in (header, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = [_line(row, widths) for row in table]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])]
    return "\n".join([lines[0], _line(rule, widths), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(w) for cell, w in others)]
    return "| " + " | ".join(padded) + " |"
