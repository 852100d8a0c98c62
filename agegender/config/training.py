"""What is minimised, and how."""

from dataclasses import dataclass
from typing import Literal

from agegender.config.checks import require, require_finite, require_not_negative

LEAST_SIGMA = 0.01
"""In years: one class a year already. Much narrower, float32 has no Gaussian."""


@dataclass(frozen=True)
class LossConfig:
    """What is minimised.

    Args:
        age: `label_distribution` (KL to a Gaussian around the age), `cross_entropy`
            (one class a year) or `mean_variance` (cross-entropy, and the answer's
            mean right and its variance small).
        age_sigma: Width of the Gaussian, in years.
        expectation_weight: Weight of |expected age - age|, per year; not for
            `mean_variance`.
        mean_weight: Weight of half the squared error of the expected age, of
            `mean_variance`.
        variance_weight: Weight of the answer's variance, of `mean_variance`.
        age_smoothing: Share, 0..1, of the wanted ages that is spread evenly over
            all ages.
        gender_weight: Weight of the gender cross-entropy.
        gender_smoothing: Share, 0..1, of the wanted gender that is spread evenly
            over both.
        teacher_weight: Share, 0..1, of the loss that is the distance from what the
            teachers answer (`training.teachers`); the labels' losses make up the
            rest, and all of it where there are none.

    Reference: Gao et al., IJCAI 2018 (DLDL-v2); Rothe et al., IJCV 2018 (DEX); Pan
    et al., CVPR 2018 (mean-variance); Szegedy et al., CVPR 2016 (smoothing); Hinton
    et al., 2015 (teachers).
    """

    age: Literal["label_distribution", "cross_entropy", "mean_variance"] = (
        "label_distribution"
    )
    age_sigma: float = 2.0
    expectation_weight: float = 0.3
    mean_weight: float = 0.2
    variance_weight: float = 0.05
    age_smoothing: float = 0.0
    gender_weight: float = 1.0
    gender_smoothing: float = 0.0
    teacher_weight: float = 0.7

    def __post_init__(self) -> None:
        require_finite("loss", self)
        require(
            self.age_sigma >= LEAST_SIGMA,
            f"loss.age_sigma must be at least {LEAST_SIGMA} years. "
            f"Received: {self.age_sigma}.",
        )
        weights = ("expectation", "mean", "variance", "gender")
        require_not_negative("loss", self, [f"{name}_weight" for name in weights])
        for name in ("age_smoothing", "gender_smoothing"):
            value = getattr(self, name)
            require(
                0.0 <= value < 1.0,
                f"loss.{name} must be 0 or more and below 1. Received: {value}.",
            )
        require(
            0.0 <= self.teacher_weight <= 1.0,
            "loss.teacher_weight must be within 0..1. "
            f"Received: {self.teacher_weight}.",
        )


@dataclass(frozen=True)
class OptimizerConfig:
    """How weights move.

    Args:
        name: `sgd` (Nesterov momentum), `adamw`, `lion` (steps by sign; wants a
            third of AdamW's rate or less) or `lamb` (for very large batches).
        learning_rate: Peak of the schedule.
        momentum: Of SGD, 0..1.
        weight_decay: Pull towards zero a step, times the learning rate; norms
            and biases are spared. What is a penalty elsewhere, SGD's momentum of
            0.9 multiplies by ten: 5e-4 there is 5e-3 here.
        clip_norm: Longest gradient, over all weights together; 0 clips nothing.
    """

    name: Literal["sgd", "adamw", "lion", "lamb"] = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-3
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        require_finite("optimizer", self)
        require(
            self.learning_rate > 0,
            f"optimizer.learning_rate must be above 0. Received: {self.learning_rate}.",
        )
        require(
            0.0 <= self.momentum < 1.0,
            f"optimizer.momentum must be within 0..1. Received: {self.momentum}.",
        )
        require_not_negative("optimizer", self, ("weight_decay", "clip_norm"))


@dataclass(frozen=True)
class ScheduleConfig:
    """How the learning rate moves over all steps.

    Args:
        name: `one_cycle` (up, then down to nothing), `cosine` (short warm-up,
            then down), `step` (x 0.2 at 25, 50 and 75 %) or `constant`.
        warmup: Share of the steps spent rising, 0..1; less than a step is left out. Not
            for `step` and `constant`.
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
        ema: Share, 0..1, that the averaged weights keep of themselves a step: 0.99
            averages over the last hundred steps or so. Validated and chosen are
            the averaged weights; 0 averages nothing.
        balance: `effective_number` gives faces the more weight the fewer there are
            of their age band and gender; `none` counts each face once. Validation
            is never weighted.
        balance_beta: How strongly, 0 (not at all) to just below 1 (in proportion
            to how few there are).
        first_size: Side of the faces in the first epochs, in pixels, a multiple of
            8: small faces are learnt from several times as fast. They grow by 8 at
            a time to the size they are stored at. 0: that size from the start.
            Validation always sees whole faces.
        growing: Share, 0..1, of the epochs in which faces are not yet whole.
        start_from: Model whose weights are the first ones, as `evaluate --model`
            takes it, or a folder that holds one; heads of another shape are learnt
            anew. Empty: drawn by the seed.
        frozen_groups: Of the network's three groups of blocks, how many keep the
            weights they started from, counted from the faces on; with them what
            comes before, and what their batch norms know of faces.
        revive_channels: Let channels that are dead in the model to start from, written
            and read by nothing but zeros, begin as those of a new network; what is
            answered stays as it was.
        teachers: Models whose answers are learnt from beside the labels, on
            average, as `evaluate --model` takes them, with commas between. They
            answer every face that is learnt from, as it is then; the network itself
            gets no larger by them. Empty: the labels alone.

    Reference: Cui et al., CVPR 2019 (effective number); Tan & Le, ICML 2021 (growing
    faces).
    """

    epochs: int = 12
    batch_size: int = 64
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    patience: int = 0
    ema: float = 0.0
    balance: Literal["none", "effective_number"] = "none"
    balance_beta: float = 0.999
    first_size: int = 0
    growing: float = 0.5
    start_from: str = ""
    frozen_groups: int = 0
    revive_channels: bool = False
    teachers: str = ""

    def __post_init__(self) -> None:
        self._require_within()
        self._require_together()

    def _require_within(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("patience", 0)):
            value = getattr(self, name)
            require(
                value >= least,
                f"training.{name} must be at least {least}. Received: {value}.",
            )
        for name in ("ema", "balance_beta", "growing"):
            value = getattr(self, name)
            require(
                0.0 <= value < 1.0,
                f"training.{name} must be 0 or more and below 1. Received: {value}.",
            )
        require(
            self.first_size >= 0 and self.first_size % 8 == 0,
            "training.first_size must be a multiple of 8 px, or 0. "
            f"Received: {self.first_size}.",
        )
        require(
            0 <= self.frozen_groups <= 3,
            "training.frozen_groups must be within 0..3. "
            f"Received: {self.frozen_groups}.",
        )

    def _require_together(self) -> None:
        require(
            not (self.first_size and self.patience),
            "training.patience must be 0 where faces grow (training.first_size), "
            "since whole faces come last. "
            f"Received: {self.patience}.",
        )
        require(
            not (self.first_size and self.teachers),
            "training.teachers must be empty where faces grow (training.first_size): "
            f"teachers see whole faces. Received: {self.teachers}.",
        )
        require(
            not self.revive_channels or bool(self.start_from),
            "training.revive_channels must be false where training starts from "
            "nothing: name a model, training.start_from. Received: true.",
        )
        require(
            not (self.revive_channels and self.frozen_groups),
            "training.revive_channels must be false where groups are frozen, which "
            f"learn nothing. Received: training.frozen_groups {self.frozen_groups}.",
        )
        require(
            not self.frozen_groups or bool(self.start_from),
            "training.frozen_groups must be 0 where training starts from nothing: "
            "name a model, training.start_from. "
            f"Received: {self.frozen_groups}.",
        )
