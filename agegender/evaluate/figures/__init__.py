"""Pictures of trainings and evaluations, each a Figure that the caller saves."""

from agegender.evaluate.figures.ages import (
    age_distributions,
    age_scatter,
    error_by_age,
)
from agegender.evaluate.figures.curves import training_curves
from agegender.evaluate.figures.faces import face_grid
from agegender.evaluate.figures.trust import (
    abstention_curves,
    calibration_panels,
    cumulative_curve,
    operating_curves,
)

__all__ = [
    "abstention_curves",
    "age_distributions",
    "age_scatter",
    "calibration_panels",
    "cumulative_curve",
    "error_by_age",
    "face_grid",
    "operating_curves",
    "training_curves",
]
