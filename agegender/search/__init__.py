"""Which settings learn best: an Optuna study over an experiment's settings.

Figures are in `agegender.search.figures`, apart, so that workers load no matplotlib.
"""

from agegender.search.front import OnFront
from agegender.search.result import SearchError, StudyResult
from agegender.search.space import Space, check_space
from agegender.search.study import read_study, run_study, study_record
from agegender.search.trial import (
    CostOf,
    Silent,
    TrainTrial,
    TrialRecord,
    TrialTracker,
)
from agegender.search.workers.pulse import Heartbeat

__all__ = [
    "CostOf",
    "Heartbeat",
    "OnFront",
    "SearchError",
    "Silent",
    "Space",
    "StudyResult",
    "TrainTrial",
    "TrialRecord",
    "TrialTracker",
    "check_space",
    "read_study",
    "run_study",
    "study_record",
]
