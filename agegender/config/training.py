"""What is minimised, and how."""

from dataclasses import dataclass
from typing import Literal

from agegender.config.checks import require


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
        require(
            self.age_sigma > 0,
            f"loss.age_sigma must be above 0 years. Received: {self.age_sigma}.",
        )
        for name in ("expectation_weight", "gender_weight"):
            value = getattr(self, name)
            require(value >= 0, f"loss.{name} must not be negative. Received: {value}.")


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
        require(
            self.learning_rate > 0,
            f"optimizer.learning_rate must be above 0. Received: {self.learning_rate}.",
        )
        require(
            0.0 <= self.momentum < 1.0,
            f"optimizer.momentum must be within 0..1. Received: {self.momentum}.",
        )
        require(
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
        require(
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
            require(
                value >= least,
                f"training.{name} must be at least {least}. Received: {value}.",
            )
