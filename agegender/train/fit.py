"""Train a network on the faces of a store."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agegender.config import Experiment, TrainingConfig
from agegender.data.balance import balance_weights
from agegender.data.batches import FaceBatches, Faces
from agegender.errors import DataError
from agegender.model.cost import count
from agegender.model.wide_resnet import build
from agegender.progress import Progress, silent
from agegender.train.averaging import AveragedWeights
from agegender.train.checkpoint import Checkpoint
from agegender.train.course import Course
from agegender.train.devices import chosen_devices, require_clips_alike, spread_over
from agegender.train.epochs import EpochListener, EpochWatch, FreshOrder
from agegender.train.learners import compiled, learners
from agegender.train.lineage import Lineage
from agegender.train.sizes import GrowingFaces, size_of_epoch
from agegender.train.start import Given


class SplitFaces(Faces, Protocol):
    """What training needs of a face store."""

    def rows(self, split: str) -> NDArray[np.int64]:
        """Return the row numbers of `train` or `validation`."""


class Trained(NamedTuple):
    """The outcome of `fit`."""

    model: keras.Model  # with the best epoch's weights
    history: pd.DataFrame  # one row an epoch
    best_epoch: int  # of the lowest val_age_mae, or the one asked for; from 0


class Plan(NamedTuple):
    """What a training will cost, known before it starts."""

    parameters: int
    forward_flops: int  # of one face, 2 a multiply-add
    steps_per_epoch: int
    heads_learnt_anew: list[str]  # of a network that starts from another
    channels_revived: int  # which were dead there


def fit(
    experiment: Experiment,
    store: SplitFaces,
    listeners: Sequence[EpochListener] = (),
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
    devices: int = 1,
    last_epoch: int | None = None,
    lineage: Lineage = Lineage(),
) -> Trained:
    """Train on the train split and choose the epoch by the validation split.

    Where a checkpoint of this training was kept, training goes on from there, and
    listeners hear the epochs before once more, first.

    Args:
        experiment: Network, loss, optimizer, schedule, epochs, seed.
        store: The faces; its test split is never read.
        listeners: Called at the end of each epoch; what they raise ends training.
        progress: Called as steps are made.
        checkpoint: Where to keep the state after each epoch; None keeps none.
        devices: How many to train on; 0 for all that are visible.
        last_epoch: The epoch, counted from 0, to stop after and whose weights to
            take, on the schedule of all epochs; the validation split is not read,
            and nothing is chosen by it.
        lineage: Network whose weights are the first ones; where there is none, they
            are drawn. Networks whose answers are learnt from.

    Raises:
        ConfigError: If there are fewer devices, or they cannot share a batch or clip
            gradients alike, or the network to start from is another, or a teacher
            takes larger faces, or faces are too small for the settings.
        DataError: If the train or the validation split is empty, or what the
            checkpoint holds belongs to another training.
        DivergedError: If the loss is no longer a number.
        ModelError: If one of the earlier networks cannot be read.
    """
    settings = experiment.training
    chosen = chosen_devices(devices, settings.batch_size)
    require_clips_alike(chosen, experiment.optimizer.clip_norm)
    chooses = last_epoch is None
    training, validation = _batches(experiment, store, len(chosen), chooses)
    epochs = settings.epochs if last_epoch is None else last_epoch + 1
    patience = settings.patience if chooses else 0
    keras.utils.set_random_seed(experiment.seed)
    with spread_over(chosen):
        network, model = learners(
            *(experiment, _size(store), len(training), len(chosen), lineage)
        )
        course = _course_so_far(checkpoint, network, model, listeners)
        if not course.is_over(epochs, patience):
            faces = min(settings.batch_size, len(store.rows("train")))
            untold = _untold(training, validation)
            watch = EpochWatch(
                *(network, course, listeners, progress, faces, patience),
                *(untold, checkpoint),
            )
            _learn(model, training, validation, settings, watch, course, epochs)
        weights = course.best_weights or _last_weights(network, model, settings)
    # Whoever goes on with the network has one device, no teachers, and an optimizer
    # as Keras makes it.
    network = compiled(experiment, _size(store), len(training))
    network.set_weights(weights)
    best_epoch = course.best_epoch if last_epoch is None else last_epoch
    return Trained(network, course.history(), best_epoch)


def _course_so_far(
    checkpoint: Checkpoint | None,
    network: keras.Model,
    model: keras.Model,
    listeners: Sequence[EpochListener],
) -> Course:
    """Return what the checkpoint holds, told to the listeners once more."""
    if checkpoint is None:
        return Course()
    course = checkpoint.restore(network, model.optimizer)
    for epoch, measures in enumerate(course.rows):
        for listener in listeners:
            listener(epoch, measures)
    return course


def _last_weights(
    network: keras.Model, model: keras.Model, settings: TrainingConfig
) -> list[NDArray[np.float32]]:
    """Return the weights of now, averaged where they are."""
    if settings.ema:
        model.optimizer.finalize_variable_values(network.trainable_variables)
    return list(network.get_weights())


def _learn(
    model: keras.Model,
    training: FaceBatches,
    validation: FaceBatches | None,
    settings: TrainingConfig,
    watch: EpochWatch,
    course: Course,
    epochs: int,
) -> None:
    # Averages last: what they leave to validation, the watch keeps first.
    averages = [AveragedWeights()] if settings.ema else []
    sizes = GrowingFaces(settings, training.side)
    model.fit(
        training,
        validation_data=validation,
        initial_epoch=len(course.rows),
        epochs=epochs,
        callbacks=[FreshOrder(training), sizes, watch, *averages],
        shuffle=False,  # the batches see to it
        verbose=0,
    )


def _untold(training: FaceBatches, validation: FaceBatches | None) -> tuple[str, ...]:
    sides = {"gender_": training, "val_gender_": validation}
    return tuple(name for name, side in sides.items() if side and not side.tells_gender)


def plan(
    experiment: Experiment, store: SplitFaces, lineage: Lineage = Lineage()
) -> Plan:
    """Tell what a training would cost, without training.

    Args:
        experiment: Network, batch size.
        store: The faces.
        lineage: Networks to start and to learn from.

    Raises:
        ConfigError: If the network to start from is another, a teacher takes larger
            faces, or faces are too small for the settings.
        DataError: If the train or the validation split is empty.
        ModelError: If one of the earlier networks cannot be read.
    """
    training, _ = _batches(experiment, store)
    size_of_epoch(experiment.training, _size(store), epoch=0)
    model = build(experiment.model, _size(store), None, experiment.seed)
    start, teachers = lineage
    revive = experiment.training.revive_channels
    given = start.give(model, experiment.model, revive) if start else Given([], 0)
    for teacher in teachers:
        teacher.ready(_size(store))
    return Plan(*count(model), len(training), *given)


def _batches(
    experiment: Experiment, store: SplitFaces, shares: int = 1, chooses: bool = True
) -> tuple[FaceBatches, FaceBatches | None]:
    size = experiment.training.batch_size
    train = _rows(store, "train")
    weights = _weights(experiment, store, train)
    training = FaceBatches(
        store, train, size, experiment.seed, weights, shares, experiment.augment
    )
    if not chooses:
        return training, None
    validation = _rows(store, "validation")
    return training, FaceBatches(store, validation, size, shares=shares)


def _weights(
    experiment: Experiment, store: SplitFaces, rows: NDArray[np.int64]
) -> NDArray[np.float32] | None:
    settings = experiment.training
    if settings.balance == "none":
        return None
    return balance_weights(store.labels.iloc[rows], settings.balance_beta)


def _rows(store: SplitFaces, split: str) -> NDArray[np.int64]:
    rows = store.rows(split)
    if len(rows) == 0:
        raise DataError(
            f"the store's {split} split is empty. "
            "Prepare more faces, or give that split a larger share."
        )
    return rows


def _size(store: Faces) -> int:
    return int(store.faces.shape[1])
