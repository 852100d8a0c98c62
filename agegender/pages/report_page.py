"""An evaluation on one page: what a person reads before trusting a model."""

from typing import Final

from agegender.evaluate.report import Report
from agegender.evaluate.tables import (
    group_cells,
    metric_cells,
    not_measured_text,
    section_cells,
)
from agegender.notice import NOTICE
from agegender.pages.markup import document, escape, paragraph, section, table
from agegender.pages.svg import inline_svg

FIGURES: Final = {
    "age_scatter": "How many faces of each true age were given each age.",
    "error_by_age": "Mean absolute error and bias along the true age.",
    "age_distributions": "How often each age is true, guessed, and given probability.",
    "cumulative_scores": "The share of faces at most k years off.",
    "calibration": "Left: even where calibrated. Right: on the line where calibrated.",
    "age_assurance": "Who passes unasked, under age and of age, by challenge age.",
    "abstention": "What is left of the errors when doubtful faces are not answered.",
}
"""Figure of a report -> what it shows."""

SHOWN_WITH: Final = {
    "cumulative_scores": ("cumulative_scores",),
    "age_levels": ("calibration",),
    "age_assurance": ("age_assurance",),
    "abstention": ("abstention",),
}
"""Section -> the figures that stand above its table."""


FEW: Final = paragraph(
    "Groups of few people (few) have no interval: it would mislead. Where intervals "
    "overlap, a difference between groups may be chance."
)
"""Said above the tables of groups."""


def draw_report_page(report: Report, title: str, warning: str = "") -> str:
    """Draw the page of a report.

    Args:
        report: Of one model on one split.
        title: Which model, on what.
        warning: What must be known before any figure is read; empty for nothing.

    Returns:
        HTML that needs nothing from anywhere else.
    """
    figures = {
        name: _figure(name, inline_svg(figure, name, FIGURES[name]))
        for name, figure in report.figures().items()
    }
    ages = [figures[name] for name in ("age_scatter", "error_by_age")]
    first, *further = group_cells(report.groups)
    told = {
        name: _beside([figures[one] for one in SHOWN_WITH.get(name, ())])
        for name in report.sections
    }
    missing = not_measured_text(report.not_measured)
    parts = [
        section(
            "Measures",
            table(*metric_cells(report.metrics)),
            paragraph(missing) if missing else "",
            _beside([*ages, figures["age_distributions"]]),
        ),
        section("By true age and gender", FEW, table(*first)),
        section("By what else is known", *(table(*cells) for cells in further)),
        *(
            section(
                one.title,
                paragraph(one.says),
                told[name],
                table(*section_cells(one, one.table)) if len(one.table) else "",
            )
            for name, one in report.sections.items()
        ),
    ]
    return document(
        title,
        [*filter(None, [warning]), NOTICE],
        paragraph(report.heading) + "\n".join(parts),
    )


def _figure(name: str, svg: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(FIGURES[name])}</figcaption></figure>"


def _beside(figures: list[str]) -> str:
    return f'<div class="figures">{"".join(figures)}</div>' if figures else ""
