"""Every setting and its default, once.

Frozen dataclasses, checked when made, so that a wrong setting fails before any
work starts. No `slots`: the command line parser cannot read defaults through them.
"""

from agegender.config.answer import (
    MAX_PIXELS,
    AbstainRules,
    AnswerFormat,
    PhotoLimits,
    ServiceLimits,
)
from agegender.config.augment import AugmentConfig
from agegender.config.data import (
    AGE_BAND_STARTS,
    MAX_AGE,
    CropRule,
    FilterRules,
    SplitRules,
)
from agegender.config.experiment import Experiment, setting_type, with_values
from agegender.config.export import (
    PRECISIONS,
    SUFFIXES,
    ExportFormat,
    Precision,
    Runtime,
    require_offered,
)
from agegender.config.gate import GateConfig
from agegender.config.model import ModelConfig, Point
from agegender.config.names import short_name
from agegender.config.search import ParameterSpace, SearchConfig, Value
from agegender.config.training import (
    LossConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainingConfig,
)
from agegender.config.typed import require_settings

__all__ = [
    "AGE_BAND_STARTS",
    "MAX_AGE",
    "MAX_PIXELS",
    "PRECISIONS",
    "SUFFIXES",
    "AbstainRules",
    "AnswerFormat",
    "AugmentConfig",
    "CropRule",
    "Experiment",
    "ExportFormat",
    "FilterRules",
    "GateConfig",
    "LossConfig",
    "ModelConfig",
    "OptimizerConfig",
    "ParameterSpace",
    "PhotoLimits",
    "Point",
    "Precision",
    "Runtime",
    "ScheduleConfig",
    "SearchConfig",
    "ServiceLimits",
    "SplitRules",
    "TrainingConfig",
    "Value",
    "require_offered",
    "require_settings",
    "setting_type",
    "short_name",
    "with_values",
]
