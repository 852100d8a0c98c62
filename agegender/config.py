"""Every setting and its default, once.

Frozen dataclasses, checked when made, so that a wrong setting fails before any
work starts. No `slots`: the command line parser cannot read defaults through them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from agegender.errors import ConfigError

MAX_AGE = 100
"""Age classes are 0..MAX_AGE years, one class a year."""


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConfigError(message)


@dataclass(frozen=True)
class FilterRules:
    """Which rows of a crawled archive are fit to learn from.

    Args:
        min_face_score: Lowest detector score of the face.
        allow_second_face: Keep photos in which a second face was found.
        min_age: Youngest age kept, in years.
        max_age: Oldest age kept, in years.
        allow_unknown_gender: Keep photos without a gender; they teach ages alone.
        conflicting_duplicates: What becomes of photos that are identical, byte for
            byte, but disagree on age or gender.

    Reference: Rothe et al., IJCV 2018.
    """

    min_face_score: float = 1.0
    allow_second_face: bool = False
    min_age: int = 1
    max_age: int = 99
    allow_unknown_gender: bool = False
    conflicting_duplicates: Literal["keep", "drop"] = "keep"

    def __post_init__(self) -> None:
        _require(
            0 <= self.min_age <= self.max_age <= MAX_AGE,
            f"rules need 0 <= min_age <= max_age <= {MAX_AGE}. "
            f"Received: min_age={self.min_age}, max_age={self.max_age}.",
        )
        _require(
            self.conflicting_duplicates in {"keep", "drop"},
            "rules.conflicting_duplicates must be keep or drop. "
            f"Received: {self.conflicting_duplicates!r}.",
        )


@dataclass(frozen=True)
class SplitRules:
    """How identities are dealt to train, validation and test.

    Args:
        seed: Salt of the hash that decides.
        validation: Share of identities for validation, 0..1.
        test: Share of identities for test, 0..1.
    """

    seed: int = 0
    validation: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        _require(
            self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1,
            "splits need validation >= 0, test >= 0 and validation + test < 1. "
            f"Received: validation={self.validation}, test={self.test}.",
        )


@dataclass(frozen=True)
class CropRule:
    """How a photo becomes a face; made in prep, kept in store and model.

    Args:
        margin: Photo shown on each side of the face box, as a share of the box's
            longer side; the crop's side is (1 + 2 margin) times that side. Tight
            crops have a margin below 0.
        shift: How far below the box's centre the crop's centre lies, as a share of
            the box's longer side.
        size: Side of the face, in pixels.
        border: What fills a crop beyond the photo's edge.
        resampling: Filter of the resize.
        colour: Channel order.
    """

    margin: float = 0.4
    shift: float = 0.0
    size: int = 64
    border: Literal["repeat"] = "repeat"
    resampling: Literal["lanczos"] = "lanczos"
    colour: Literal["rgb"] = "rgb"

    def __post_init__(self) -> None:
        _require(
            -0.25 <= self.margin <= 2.0,
            f"crop margin must be within -0.25..2. Received: {self.margin}.",
        )
        _require(
            -0.5 <= self.shift <= 0.5,
            f"crop shift must be within -0.5..0.5. Received: {self.shift}.",
        )
        _require(
            16 <= self.size <= 512 and self.size % 4 == 0,
            "face size must be a multiple of 4 within 16..512 pixels. "
            f"Received: {self.size}.",
        )


@dataclass(frozen=True)
class ModelConfig:
    """The Wide Residual Network.

    Args:
        depth: Convolution layers, 6n + 4.
        widen_factor: Width as a multiple of 16, 32 and 64 channels.
        dropout: Share of activations dropped inside a block, 0..1.

    Reference: Zagoruyko & Komodakis, BMVC 2016.
    """

    depth: int = 16
    widen_factor: int = 8
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _require(
            self.depth >= 10 and (self.depth - 4) % 6 == 0,
            "model.depth must be 6n + 4 (10, 16, 22, 28, ...). "
            f"Received: {self.depth}.",
        )
        _require(
            self.widen_factor >= 1,
            f"model.widen_factor must be at least 1. Received: {self.widen_factor}.",
        )
        _require(
            0.0 <= self.dropout < 1.0,
            f"model.dropout must be within 0..1. Received: {self.dropout}.",
        )


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes to training faces, batched and inside the model.

    Args:
        flip: Mirror left and right.
        shift: Largest shift, as a share of the side.
        brightness: Largest change of brightness, as a share of white.
        contrast: Largest change of contrast, as a share.
    """

    flip: bool = True
    shift: float = 0.08
    brightness: float = 0.2
    contrast: float = 0.2

    def __post_init__(self) -> None:
        for name in ("shift", "brightness", "contrast"):
            value = getattr(self, name)
            _require(
                0.0 <= value < 1.0,
                f"augment.{name} must be within 0..1. Received: {value}.",
            )


@dataclass(frozen=True)
class LossConfig:
    """What is minimised.

    Args:
        age: `label_distribution` (KL to a Gaussian around the age) or
            `cross_entropy` (one class a year).
        age_sigma: Width of the Gaussian, in years.
        expectation_weight: Weight of |expected age - age|, per year.
        gender_weight: Weight of the gender cross-entropy.

    Reference: Gao et al., IJCAI 2018 (DLDL-v2); Rothe et al., IJCV 2018 (DEX).
    """

    age: Literal["label_distribution", "cross_entropy"] = "label_distribution"
    age_sigma: float = 2.0
    expectation_weight: float = 0.3
    gender_weight: float = 1.0

    def __post_init__(self) -> None:
        _require(
            self.age_sigma > 0,
            f"loss.age_sigma must be above 0 years. Received: {self.age_sigma}.",
        )
        for name in ("expectation_weight", "gender_weight"):
            value = getattr(self, name)
            _require(
                value >= 0, f"loss.{name} must not be negative. Received: {value}."
            )


@dataclass(frozen=True)
class OptimizerConfig:
    """How weights move.

    Args:
        name: `sgd` (Nesterov momentum) or `adamw`.
        learning_rate: Peak of the schedule.
        momentum: Of SGD, 0..1.
        weight_decay: Pull towards zero a step, times the learning rate; norms
            and biases are spared.
    """

    name: Literal["sgd", "adamw"] = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __post_init__(self) -> None:
        _require(
            self.learning_rate > 0,
            f"optimizer.learning_rate must be above 0. Received: {self.learning_rate}.",
        )
        _require(
            0.0 <= self.momentum < 1.0,
            f"optimizer.momentum must be within 0..1. Received: {self.momentum}.",
        )
        _require(
            self.weight_decay >= 0,
            "optimizer.weight_decay must not be negative. "
            f"Received: {self.weight_decay}.",
        )


@dataclass(frozen=True)
class ScheduleConfig:
    """How the learning rate moves over all steps.

    Args:
        name: `one_cycle` (up, then down to nothing), `cosine` (short warm-up,
            then down), `step` (x 0.2 at 25, 50 and 75 %) or `constant`.
        warmup: Share of the steps spent rising, 0..1; not for `step` and `constant`.
    """

    name: Literal["one_cycle", "cosine", "step", "constant"] = "one_cycle"
    warmup: float = 0.25

    def __post_init__(self) -> None:
        _require(
            0.0 <= self.warmup < 1.0,
            f"schedule.warmup must be within 0..1. Received: {self.warmup}.",
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How long and in what portions.

    Args:
        epochs: Passes over the training faces.
        batch_size: Faces a step.
        precision: `auto` takes bfloat16 where the hardware gains by it.
        patience: Epochs without a better validation MAE before stopping; 0 never
            stops early.
    """

    epochs: int = 12
    batch_size: int = 64
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    patience: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("patience", 0)):
            value = getattr(self, name)
            _require(
                value >= least,
                f"training.{name} must be at least {least}. Received: {value}.",
            )


@dataclass(frozen=True)
class ParameterSpace:
    """The values one searched setting may take: a range or a list of choices.

    Args:
        low: Smallest value of a range.
        high: Largest value of a range.
        step: Distance between values of a whole-number range.
        log: Draw on a log scale.
        choices: The values, instead of a range.
    """

    low: float | None = None
    high: float | None = None
    step: int | None = None
    log: bool = False
    choices: list[int | float | str | bool] | None = None

    def __post_init__(self) -> None:
        is_range = self.low is not None and self.high is not None
        _require(
            is_range != bool(self.choices),
            "a searched setting needs either low and high, or choices. "
            f"Received: low={self.low}, high={self.high}, choices={self.choices}.",
        )
        if self.low is not None and self.high is not None:
            _require(
                self.low <= self.high and (not self.log or self.low > 0),
                "a range needs low <= high, and low > 0 where log is set. "
                f"Received: low={self.low}, high={self.high}, log={self.log}.",
            )


def _default_space() -> dict[str, ParameterSpace]:
    return {
        "model.depth": ParameterSpace(choices=[10, 16, 22, 28]),
        "model.widen_factor": ParameterSpace(low=1, high=8, step=1),
        "optimizer.learning_rate": ParameterSpace(low=1e-3, high=0.5, log=True),
    }


@dataclass(frozen=True)
class SearchConfig:
    """A study over settings of the experiment; the test split is never read.

    Args:
        trials: Finished or pruned trials wanted in all.
        sampler: `tpe` or `random`.
        pruner: `hyperband`, `median` or `none`.
        space: Dotted name of a setting -> the values it may take.
    """

    trials: int = 20
    sampler: Literal["tpe", "random"] = "tpe"
    pruner: Literal["hyperband", "median", "none"] = "median"
    space: dict[str, ParameterSpace] = field(default_factory=_default_space)

    def __post_init__(self) -> None:
        _require(
            self.trials >= 1,
            f"search.trials must be at least 1. Received: {self.trials}.",
        )
        _require(bool(self.space), "search.space names no setting. Name at least one.")


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

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain values, ready for YAML or JSON."""
        return asdict(self)


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
        _require(
            part in fields,
            f"there is no setting {name}. "
            f"Name one of: {', '.join(fields) or 'the settings above it'}.",
        )
        kind = fields[part]
    _require(
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
    changed = experiment
    for name, value in values.items():
        kind = setting_type(name)
        _require(
            _fits(value, kind),
            f"{name} takes {_type_name(kind)}. Received: {value!r}.",
        )
        changed = _replaced(changed, name.split("."), value)
    return changed


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _type_name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    names = {int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(kind, "a text")


def _replaced(settings: Any, path: list[str], value: Any) -> Any:
    first, *rest = path
    inner = _replaced(getattr(settings, first), rest, value) if rest else value
    return replace(settings, **{first: inner})
