"""An experiment: all settings of a training, and copies with other values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from functools import cache
from typing import Any, Literal, get_origin, get_type_hints

from agegender.config.augment import AugmentConfig
from agegender.config.checks import require
from agegender.config.model import ModelConfig
from agegender.config.search import SearchConfig
from agegender.config.training import (
    LossConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainingConfig,
)
from agegender.config.typed import fits, type_name


@dataclass(frozen=True)
class Experiment:
    """Everything that makes one training what it is, apart from the data.

    Args:
        name: Shown as the name of the run.
        seed: Of weights, order of faces and augmentation.
        model: The network.
        augment: Changes to training faces.
        loss: What is minimised.
        optimizer: How weights move.
        schedule: How the learning rate moves.
        training: Epochs, batch size, precision.
        search: What `search` varies; `train` reads nothing of it.
    """

    name: str = "wide-resnet"
    seed: int = 0
    model: ModelConfig = ModelConfig()
    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    training: TrainingConfig = TrainingConfig()
    search: SearchConfig = field(default_factory=SearchConfig)

    def __post_init__(self) -> None:
        # MLflow makes a name up where it gets none.
        require(bool(self.name.strip()), "name must not be empty. Give the run one.")
        # What NumPy, and with it Keras, can draw from.
        require(
            0 <= self.seed < 2**32,
            f"seed must be within 0..{2**32 - 1}. Received: {self.seed}.",
        )
        require(
            not self.training.first_size or self.model.pooling == "global",
            "faces can grow (training.first_size) only where model.pooling is global. "
            f"Received: {self.model.pooling}.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain values, ready for YAML or JSON."""
        return asdict(self)


@cache
def setting_type(name: str) -> Any:
    """Return the type of a setting of `Experiment`.

    Args:
        name: Dotted, such as `model.depth`.

    Returns:
        `int`, `float`, `bool`, `str` or a `Literal`.

    Raises:
        ConfigError: If there is no such setting.
    """
    kind: Any = Experiment
    for part in name.split("."):
        fields = get_type_hints(kind) if is_dataclass(kind) else {}
        require(
            part in fields,
            f"there is no setting {name}. "
            f"Name one of: {', '.join(fields) or 'the settings above it'}.",
        )
        kind = fields[part]
    require(
        kind in {int, float, bool, str} or get_origin(kind) is Literal,
        f"{name} is not a single setting. Name one within it.",
    )
    return kind


def with_values(experiment: Experiment, values: Mapping[str, Any]) -> Experiment:
    """Return a copy of an experiment with other values of some settings.

    Args:
        experiment: The starting point; stays as it is.
        values: Dotted name -> value, such as `{"model.depth": 16}`.

    Raises:
        ConfigError: If a setting does not exist, or a value is of another type or
            not allowed.
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        kind = setting_type(name)
        require(
            fits(value, kind),
            f"{name} takes {type_name(kind)}. Received: {value!r}.",
        )
        *sections, last = name.split(".")
        within = changes
        for section in sections:
            within = within.setdefault(section, {})
        within[last] = value
    # All at once: two values may be allowed together, and neither alone.
    changed: Experiment = _replaced(experiment, changes)
    return changed


def _replaced(settings: Any, changes: Mapping[str, Any]) -> Any:
    inner = {
        name: _replaced(getattr(settings, name), change)
        if isinstance(change, Mapping)
        else change
        for name, change in changes.items()
    }
    return replace(settings, **inner)
