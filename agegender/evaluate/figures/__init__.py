"""Pictures of trainings and evaluations, each a Figure that the caller saves."""

from agegender.evaluate.figures.ages import (
    age_distributions,
    age_scatter,
    error_by_age,
)
from agegender.evaluate.figures.curves import training_curves
from agegender.evaluate.figures.faces import face_grid

__all__ = [
    "age_distributions",
    "age_scatter",
    "error_by_age",
    "face_grid",
    "training_curves",
]
