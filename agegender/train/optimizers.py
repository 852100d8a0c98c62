"""How gradients become steps."""

import keras

from agegender.config import OptimizerConfig, ScheduleConfig
from agegender.train.schedules import schedule

# Pulling a norm's scale or a bias to zero costs accuracy and regularises nothing.
SPARED = ("gamma", "beta", "bias")


def optimizer(
    config: OptimizerConfig,
    schedule_config: ScheduleConfig,
    steps: int,
    ema: float = 0.0,
    one_program: bool = False,
) -> keras.optimizers.Optimizer:
    """Return the optimizer, its learning rate scheduled over all steps.

    Weight decay is decoupled: a step takes learning rate x decay off each weight.
    Keras' Muon is not offered: it moves matrices only, and of a network of
    convolutions it would leave all but the heads to AdamW.

    Args:
        config: Which optimizer, peak learning rate, momentum, decay, clipping.
        schedule_config: How the learning rate moves.
        steps: Steps of the whole training.
        ema: Share that the averaged weights keep of themselves a step; 0 for none.
        one_program: Keep the learning rate's peak and the number of steps in
            variables, which are saved with it, so that XLA's program of a step is
            the same whatever they are.

    Reference: Loshchilov & Hutter, ICLR 2019; Chen et al., NeurIPS 2023 (Lion);
    You et al., ICLR 2020 (LAMB).
    """
    rate = schedule(schedule_config, config.learning_rate, steps)
    common = {
        "weight_decay": config.weight_decay,
        "global_clipnorm": config.clip_norm or None,
        "use_ema": ema > 0,
        "ema_momentum": ema,
    }
    match config.name:
        case "sgd":
            made = keras.optimizers.SGD(
                rate, momentum=config.momentum, nesterov=True, **common
            )
        case "adamw":
            made = keras.optimizers.AdamW(rate, **common)
        case "lion":
            made = keras.optimizers.Lion(rate, **common)
        case "lamb":
            made = keras.optimizers.Lamb(rate, **common)
    made.exclude_from_weight_decay(var_names=list(SPARED))
    if one_program:
        rate.keep_in(made)
    return made
