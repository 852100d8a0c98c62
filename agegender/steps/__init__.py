"""One function a step: the only place where the parts are joined.

What takes time to import is imported inside the step that needs it.
"""

from agegender.steps.faces import prep, sample
from agegender.steps.judging import evaluate, promote
from agegender.steps.outcome import Outcome
from agegender.steps.training import train

ALL = (sample, prep, train, evaluate, promote)

__all__ = [
    "ALL",
    "Outcome",
    "evaluate",
    "prep",
    "promote",
    "sample",
    "train",
]
