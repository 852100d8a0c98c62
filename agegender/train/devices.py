"""One training on several devices of one machine.

Each device holds the whole network and takes an equal share of every batch; batch
norm looks at the whole batch, so that the number of devices changes speed and not
what is learnt, but for rounding, and for dropout and random changes to faces on
TensorFlow, whose devices all draw the same.
"""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras

from agegender.errors import ConfigError


def chosen_devices(wanted: int, batch_size: int) -> list[str]:
    """Return the devices to train on, by Keras' names, such as `gpu:0`.

    Args:
        wanted: How many; 0 for all that are visible.
        batch_size: Faces a step, of which each device gets an equal share.

    Raises:
        ConfigError: If there are fewer, or they cannot share a batch evenly.
    """
    visible = [str(name).lower() for name in keras.distribution.list_devices()]
    if not 0 <= wanted <= len(visible):
        raise ConfigError(
            f"devices must be within 1..{len(visible)}, or 0 for all: "
            f"{keras.backend.backend()} sees {', '.join(visible)}. Received: {wanted}."
        )
    chosen = visible[: wanted or None]
    if batch_size % len(chosen):
        raise ConfigError(
            f"{len(chosen)} devices cannot share a batch evenly. Received: "
            f"training.batch_size {batch_size}. Give a multiple, or other --devices."
        )
    return chosen


def require_clips_alike(devices: Sequence[str], clip_norm: float) -> None:
    """Make sure that gradients are clipped as on a single device.

    TensorFlow's devices clip each its own share of a gradient, before they are summed.

    Args:
        devices: From `chosen_devices`.
        clip_norm: Longest gradient; 0 clips nothing.

    Raises:
        ConfigError: If they are not.
    """
    if clip_norm and len(devices) > 1 and keras.backend.backend() == "tensorflow":
        raise ConfigError(
            "optimizer.clip_norm must be 0 on several devices of TensorFlow, each of "
            "which clips its own share. Train on one (--devices 1), or on JAX "
            f"(KERAS_BACKEND=jax). Received: {clip_norm}."
        )


@contextmanager
def spread_over(devices: Sequence[str]) -> Iterator[None]:
    """Let what is built and trained within the block share its batches out.

    Args:
        devices: From `chosen_devices`; a single one changes nothing.

    Raises:
        ConfigError: If the backend cannot.
    """
    if len(devices) == 1:
        yield
        return
    match keras.backend.backend():
        case "jax":
            scope = keras.distribution.DataParallel(devices=list(devices)).scope()
        case "tensorflow":
            tensorflow = importlib.import_module("tensorflow")
            scope = tensorflow.distribute.MirroredStrategy(list(devices)).scope()
        case other:
            raise ConfigError(
                f"several devices need the backend tensorflow or jax. Received: {other}"
            )
    with scope:
        yield


def share_norms(model: keras.Model) -> None:
    """Let batch norm look at all devices' faces together.

    JAX sees one batch, however it is laid out; TensorFlow has to be told.

    Args:
        model: Changed in place, before it is compiled.
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
