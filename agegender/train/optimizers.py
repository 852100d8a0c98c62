"""How gradients become steps."""

import keras

from agegender.config import OptimizerConfig, ScheduleConfig
from agegender.train.schedules import schedule

# Pulling a norm's scale or a bias to zero costs accuracy and regularises nothing.
SPARED = ("gamma", "beta", "bias")


def optimizer(
    config: OptimizerConfig, schedule_config: ScheduleConfig, steps: int
) -> keras.optimizers.Optimizer:
    """Return the optimizer, its learning rate scheduled over all steps.

    Weight decay is decoupled: a step takes learning rate x decay off each weight.

    Args:
        config: Which optimizer, peak learning rate, momentum, decay.
        schedule_config: How the learning rate moves.
        steps: Steps of the whole training.

    Reference: Loshchilov & Hutter, ICLR 2019.
    """
    rate = schedule(schedule_config, config.learning_rate, steps)
    decay = config.weight_decay
    if config.name == "adamw":
        made = keras.optimizers.AdamW(rate, weight_decay=decay)
    else:
        made = keras.optimizers.SGD(
            rate, momentum=config.momentum, nesterov=True, weight_decay=decay
        )
    made.exclude_from_weight_decay(var_names=list(SPARED))
    return made
