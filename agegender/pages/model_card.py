"""What a person should know of a model before using it, on one page of Markdown.

Reference: Mitchell et al., FAT* 2019 (model cards).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agegender.evaluate.groups import ALL
from agegender.evaluate.metrics import METRICS
from agegender.evaluate.report import Report
from agegender.evaluate.tables import (
    group_cells,
    markdown,
    metric_cells,
    number,
    section_markdown,
    span,
)
from agegender.notice import NOTICE
from agegender.pages.markup import no_html

_INTENDED = """\
For looking at how old faces appear in a collection, for research on age estimation, \
and as a starting point for training; where a wrong answer harms nobody and a person \
can look again. Answers come with an interval: use it.

Not for finding out who somebody is, not for decisions about a person, and no proof \
of age: see, in the report's section on age assurance, how many under-aged pass. Not \
for the genders it does not know. What was trained on data for research only may be \
used for research only."""


@dataclass(frozen=True)
class Subject:
    """Which model a card is of, and how it came to be.

    Args:
        name: Such as `agegender version 3`.
        network: What it is: kind of network, size of faces, file size, hash.
        trained_on: How many faces, whose, and under which terms.
        recipe: The experiment, YAML; empty where it is not known.
        judged_on: Which faces the figures are of.
        gate: The table of the gate, where there was one.
    """

    name: str
    network: Mapping[str, str]
    trained_on: str
    recipe: str
    judged_on: str
    gate: str = ""


def draw_model_card(subject: Subject, report: Report) -> str:
    """Write the card of a model.

    Args:
        subject: Which.
        report: Of it, on the faces of `judged_on`.

    Returns:
        Markdown, sections in the order of how much they matter.
    """
    coverage = report.sections["interval_coverage"]
    # Names of files, and what others noted in them.
    name, judged_on = no_html(subject.name), no_html(subject.judged_on)
    trained_on = no_html(subject.trained_on.rstrip("."))
    facts = [f"- {what}: {no_html(told)}" for what, told in subject.network.items()]
    sections = {
        "What it is for, and what not": _INTENDED,
        "What it learnt from": f"{trained_on}.\n\nLabels are as perceived "
        "or crawled, some are wrong, and know two genders.",
        "How well it does": f"On {judged_on}: {report.heading}.\n\n"
        + markdown(*metric_cells(report.metrics)),
        "Where it fails": worst(report),
        "What it is": "\n".join(facts),
        "The gate": subject.gate and f"```\n{subject.gate}\n```",
        "By age and gender": "\n\n".join(
            markdown(*cells) for cells in group_cells(report.groups)
        ),
        "Age intervals": section_markdown(coverage),
        "How it was trained": subject.recipe and f"```yaml\n{subject.recipe}\n```",
    }
    told = [f"## {title}\n\n{text.strip()}" for title, text in sections.items() if text]
    return "\n\n".join([f"# {name}", f"> {NOTICE}", *told]) + "\n"


def worst(report: Report) -> str:
    """Say for whom a model does worst, among the groups that can be judged."""
    groups = report.groups
    keys = list(groups.columns[: groups.columns.get_loc("faces")])
    rows = [
        row
        for row in groups.to_dict(orient="records")
        if not row["small"] and any(row[key] != ALL for key in keys)
    ]
    if not rows:
        return "No group has people enough to be judged by itself."
    error, gender = "mean_absolute_error", "gender_accuracy"
    most = max(rows, key=lambda row: row[error])
    told = [_of(most, keys, error, "Largest age error")]
    if known := [row for row in rows if not row.get("gender_small", True)]:
        least = min(known, key=lambda row: row[gender])
        told.append(_of(least, keys, gender, "Least gender accuracy"))
    return "\n".join(told)


def shortened(card: str, longest: int, rest: str) -> str:
    """Leave out a card's last sections until it is short enough.

    Args:
        card: As `draw_model_card` writes it.
        longest: Characters.
        rest: Where the rest is to be read, a sentence.
    """
    if len(card) <= longest:
        return card
    first, *further = card.split("\n## ")
    kept = [first]
    for section in further:
        if len("\n## ".join([*kept, section])) + len(rest) + 2 > longest:
            break
        kept.append(section)
    return "\n## ".join(kept).rstrip() + f"\n\n{rest}\n"


def _of(group: Mapping[Any, Any], keys: list[str], name: str, what: str) -> str:
    unit = METRICS[name].unit
    value = number(group[name], unit) + (" years" if unit == "years" else "")
    ends = span(group[f"{name}_low"], group[f"{name}_high"], unit)
    whom = ", ".join(str(group[key]) for key in keys if group[key] != ALL)
    return f"- {what}: {value} ({ends}) at {whom}, {group['faces']:,} faces."
