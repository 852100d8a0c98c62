"""The networks that learn: built, given what others know, and told how to learn."""

import keras

from agegender.config import Experiment
from agegender.model.losses import loss_weights, losses
from agegender.model.metrics import metrics, weighted_metrics
from agegender.model.wide_resnet import build
from agegender.train.averaging import slow_norms
from agegender.train.devices import share_norms
from agegender.train.lineage import Lineage
from agegender.train.optimizers import optimizer
from agegender.train.precision import accelerator, dtype_policy
from agegender.train.start import freeze
from agegender.train.teachers import taught


def compiled(experiment: Experiment, size: int, steps: int) -> keras.Model:
    """Build the network and set how it learns, on one device, by labels alone.

    Args:
        experiment: Network, loss, optimizer, schedule, epochs, seed.
        size: Side of the faces, in pixels.
        steps: Steps an epoch.
    """
    network = _built(experiment, size)
    _compile(network, experiment, steps)
    return network


def learners(
    experiment: Experiment,
    size: int,
    steps: int,
    devices: int = 1,
    lineage: Lineage = Lineage(),
) -> tuple[keras.Model, keras.Model]:
    """Build the network, give it its first weights, and set how it learns.

    Args:
        experiment: Network, loss, optimizer, schedule, epochs, seed.
        size: Side of the faces, in pixels.
        steps: Steps an epoch.
        devices: How many share a batch.
        lineage: Network whose weights are the first ones; where there is none, they
            are drawn. Networks whose answers are learnt from.

    Returns:
        The network; and the model to be fitted, which is the network with its
        teachers, or the network itself where it has none.

    Raises:
        ConfigError: If the network to start from is another, or a teacher takes
            larger faces.
        ModelError: If one of them cannot be read, or is no network of ours.
    """
    network = _built(experiment, size, devices)
    if lineage.start is not None:
        revive = experiment.training.revive_channels
        lineage.start.give(network, experiment.model, revive)
    model = network
    if lineage.teachers:
        model = taught(network, lineage.teachers, experiment.loss)
    _compile(model, experiment, steps, devices, lineage, one_program=True)
    return network, model


def _built(experiment: Experiment, size: int, devices: int = 1) -> keras.Model:
    settings = experiment.training
    policy = dtype_policy(settings.precision)
    network = build(experiment.model, size, experiment.augment, experiment.seed, policy)
    freeze(network, settings.frozen_groups)
    if settings.ema:
        slow_norms(network, settings.ema)
    if devices > 1:
        share_norms(network)
    return network


def _compile(
    model: keras.Model,
    experiment: Experiment,
    steps: int,
    devices: int = 1,
    lineage: Lineage = Lineage(),
    one_program: bool = False,
) -> None:
    settings = experiment.training
    all_steps = steps * settings.epochs
    model.compile(
        optimizer=optimizer(
            *(experiment.optimizer, experiment.schedule, all_steps, settings.ema),
            one_program=one_program,
        ),
        loss=losses(experiment.loss),
        loss_weights=loss_weights(experiment.loss, taught=bool(lineage.teachers)),
        metrics=metrics(experiment.model.point),
        weighted_metrics=weighted_metrics(experiment.loss),
        jit_compile=_jit_compile(devices),
    )
    # Now rather than with the first step: its variables are part of the state.
    model.optimizer.build(model.trainable_variables)


def _jit_compile(devices: int) -> bool | str:
    """Leave XLA to Keras, but for TensorFlow where it slows down or cannot.

    On CPU it slows down; several devices cannot speak with each other within it.
    """
    if keras.backend.backend() != "tensorflow":
        return "auto"
    return False if devices > 1 or accelerator() == "cpu" else "auto"
