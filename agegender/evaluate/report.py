"""One evaluation: every measure, every group, in forms for people and machines."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from agegender.config import Point
from agegender.counts import counted
from agegender.evaluate.answers import Answers, pair
from agegender.evaluate.baseline import trivial_guess, trivial_values
from agegender.evaluate.bootstrap import Estimate, Resampling, estimate
from agegender.evaluate.figures import (
    abstention_curves,
    age_distributions,
    age_scatter,
    calibration_panels,
    cumulative_curve,
    error_by_age,
    operating_curves,
)
from agegender.evaluate.further_keys import further_keys
from agegender.evaluate.groups import ALL, group_keys, group_table
from agegender.evaluate.intervals import FEWEST_PEOPLE
from agegender.evaluate.metrics import METRICS
from agegender.evaluate.reliability import expected_calibration_error
from agegender.evaluate.sections import Section, sections
from agegender.evaluate.tables import (
    group_cells,
    markdown,
    metric_cells,
    not_measured_text,
    section_markdown,
)
from agegender.model.calibration import Calibration


@dataclass(frozen=True, eq=False)
class Report:
    """How a model did on a split.

    Args:
        metrics: Name -> estimate, of those in `METRICS` that could be measured.
        not_measured: Name -> why not, of the others.
        groups: One row a group, as from `group_table`; after age bands and genders
            the groups of every further key, each on its own.
        sections: Name -> table, of what is told beyond.
        answers: The faces' predictions and truths.
        resampling: How the intervals were drawn.
    """

    metrics: Mapping[str, Estimate]
    not_measured: Mapping[str, str]
    groups: pd.DataFrame
    sections: Mapping[str, Section]
    answers: Answers
    resampling: Resampling

    @property
    def faces(self) -> int:
        """Return how many faces were evaluated."""
        return len(self.answers)

    @property
    def identities(self) -> int:
        """Return how many people are on them."""
        return self.answers.identities

    @property
    def gender_faces(self) -> int:
        """Return of how many faces the gender is known."""
        return int(self.answers.gender_known.sum())

    @property
    def gender_calibration_error(self) -> float | None:
        """Return the expected calibration error of gender, 0..1; None if unknown."""
        reliability = self.sections["gender_reliability"].table
        error = expected_calibration_error(reliability)
        return error if math.isfinite(error) else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; None stands for what is unknown."""
        return {
            "faces": self.faces,
            "identities": self.identities,
            "gender_faces": self.gender_faces,
            "point": self.answers.point,
            "resampling": asdict(self.resampling),
            "metrics": {
                name: {"unit": METRICS[name].unit, **_plain(asdict(measured))}
                for name, measured in self.metrics.items()
            },
            "not_measured": dict(self.not_measured),
            "gender_calibration_error": self.gender_calibration_error,
            "says": {name: each.says for name, each in self.sections.items()},
            "groups": _rows(self.groups),
            **{name: _rows(each.table) for name, each in self.sections.items()},
        }

    @property
    def heading(self) -> str:
        """Say in one line of whom the figures are."""
        intervals = f"{self.resampling.level:.0%} intervals over people"
        if self.identities < FEWEST_PEOPLE:
            intervals += ", too narrow for so few"
        people = counted(self.identities, "person", "people")
        heading = f"{counted(self.faces, 'face')} of {people}; {intervals}"
        if self.gender_faces < self.faces:
            known = counted(self.gender_faces, "face")
            heading += f"; gender is known of {known}"
        return heading

    def to_text(self) -> str:
        """Return the tables in short, as Markdown that reads well in a terminal too."""
        missing = not_measured_text(self.not_measured)
        blocks = [self.heading, markdown(*metric_cells(self.metrics)), missing]
        tables = [markdown(*cells) for cells in group_cells(self.groups)]
        tables += [section_markdown(each) for each in self.sections.values()]
        return "\n\n".join(filter(None, [*blocks, *tables])) + "\n"

    def figures(self) -> dict[str, Figure]:
        """Draw the report: name -> figure."""
        return {
            "age_scatter": age_scatter(self.answers),
            "error_by_age": error_by_age(self.answers),
            "age_distributions": age_distributions(self.answers),
            "cumulative_scores": cumulative_curve(
                self.sections["cumulative_scores"].table
            ),
            "calibration": calibration_panels(
                self.sections["age_levels"].table,
                self.sections["gender_reliability"].table,
            ),
            "age_assurance": operating_curves(self.answers),
            "abstention": abstention_curves(self.sections["abstention"].table),
        }


def evaluate(
    age_probabilities: ArrayLike,
    male_probability: ArrayLike,
    labels: pd.DataFrame,
    train_labels: pd.DataFrame,
    *,
    calibration: Calibration = Calibration(),
    resamples: int = 1000,
    seed: int = 0,
    point: Point = "expectation",
) -> Report:
    """Measure predictions against labels.

    Args:
        age_probabilities: float (n, 101), one distribution a face.
        male_probability: float (n,), 0..1.
        labels: One row a face, same order: `age`, `gender`, `identity`; other
            columns of few values make groups.
        train_labels: Labels of the training faces, for the trivial guess.
        calibration: By which the predictions were corrected; it draws the age
            intervals.
        resamples: Draws of people behind each interval.
        seed: Of the draws.
        point: Which age of a distribution is told as the age.

    Returns:
        The report.

    Raises:
        DataError: If faces or labels are missing.
        ModelError: If the predictions do not fit the labels.
    """
    answers = pair(age_probabilities, male_probability, labels, point)
    resampling = Resampling(resamples, seed)
    guess = trivial_guess(train_labels)
    baselines = trivial_values(guess, answers)
    estimates = estimate(answers, resampling, baselines=baselines)
    metrics = {name: got for name, got in estimates.items() if math.isfinite(got.value)}
    further = further_keys(labels)
    return Report(
        metrics,
        {name: _why_not(answers) for name in estimates if name not in metrics},
        _groups(answers, further, resampling),
        sections(answers, calibration, further, resampling, guess),
        answers,
        resampling,
    )


def _why_not(answers: Answers) -> str:
    if answers.gender_known.any():
        return "all faces whose gender is known are of one gender"
    return "no face's gender is known"


def _groups(
    answers: Answers, further: pd.DataFrame, resampling: Resampling
) -> pd.DataFrame:
    first = group_table(answers, group_keys(answers), resampling)
    others = [
        group_table(answers, further[[name]], resampling, margins=False)
        for name in further.columns
    ]
    keys = ["age_band", "gender", *further.columns]
    table = pd.concat([first, *others], ignore_index=True)
    table[keys] = table.reindex(columns=keys).fillna(ALL)
    return table[[*keys, *(name for name in table.columns if name not in keys)]]


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain(row) for row in table.to_dict(orient="records")]


def _plain(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Replace the not-finite numbers, which JSON cannot hold, with None."""
    return {
        str(name): None
        if isinstance(value, float) and not math.isfinite(value)
        else value
        for name, value in values.items()
    }
