"""Reports as text: padded Markdown, legible unrendered."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from agegender.evaluate.bootstrap import Estimate
from agegender.evaluate.metrics import METRICS

NOTHING = "\N{EN DASH}"
"""Written where a figure is unknown."""


def number(value: float, unit: str) -> str:
    """Write a value in its unit; a dash where it is unknown.

    Args:
        value: In `unit`.
        unit: `share` is written as a percentage, anything else with two decimals.
    """
    if not math.isfinite(value):
        return NOTHING
    return f"{value:.1%}" if unit == "share" else f"{value:.2f}"


def span(low: float, high: float, unit: str) -> str:
    """Write an interval; a dash where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"{number(low, unit)} to {number(high, unit)}"


def metrics_markdown(metrics: Mapping[str, Estimate]) -> str:
    """Write one line a measure: value, interval, trivial guess."""
    rows = []
    for name, measured in metrics.items():
        title, unit = METRICS[name].title, METRICS[name].unit
        rows.append(
            [
                title if unit == "share" else f"{title}, {unit}",
                number(measured.value, unit),
                span(measured.low, measured.high, unit),
                number(measured.baseline, unit),
            ]
        )
    return markdown(["measure", "value", "interval", "trivial guess"], rows)


def groups_markdown(groups: pd.DataFrame) -> str:
    """Write one line a group that has faces; few people are pointed out."""
    some = groups[groups["faces"] > 0].to_dict(orient="records")
    header = ["age", "gender", "faces", "MAE", "interval", "bias", "<= 5 years"]
    rows = [
        [
            str(row["age_band"]),
            str(row["gender"]),
            f"{row['faces']:,}" + (" (few)" if row["small"] else ""),
            number(row["mean_absolute_error"], "years"),
            span(
                row["mean_absolute_error_low"],
                row["mean_absolute_error_high"],
                "years",
            ),
            number(row["age_bias"], "years"),
            number(row["cs_at_5"], "share"),
            number(row["gender_accuracy"], "share"),
            span(row["gender_accuracy_low"], row["gender_accuracy_high"], "share"),
        ]
        for row in some
    ]
    return markdown([*header, "gender right", "interval"], rows)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a padded Markdown table; the first column to the left."""
    table = [list(header), *(list(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = [_line(row, widths) for row in table]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (w - 1) + ":" for w in widths[1:])]
    return "\n".join([lines[0], _line(rule, widths), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(w) for cell, w in others)]
    return "| " + " | ".join(padded) + " |"
