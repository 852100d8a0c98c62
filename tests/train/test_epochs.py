import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import pytest

from agegender.progress import silent
from agegender.train.epochs import DivergedError, EpochListener, EpochWatch


def line(learning_rate: float = 0.1) -> keras.Model:
    """Return a model of one weight, whose error is called as the age's is."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    error = keras.metrics.MeanAbsoluteError(name="age_mae")
    model.compile(keras.optimizers.SGD(learning_rate), "mse", metrics=[error])
    return model


def watch_over(
    model: keras.Model, listeners: Sequence[EpochListener] = ()
) -> EpochWatch:
    watch = EpochWatch(listeners, silent, faces_per_epoch=4, patience=2)
    watch.set_model(model)
    watch.set_params({"steps": 1, "epochs": 9})
    return watch


def train(model: keras.Model, watch: EpochWatch) -> None:
    x = np.ones((4, 1), np.float32)
    data = (x, 3 * x)
    model.fit(*data, epochs=50, validation_data=data, verbose=0, callbacks=[watch])


def live(watch: EpochWatch, *errors: float) -> list[bool]:
    """Pass epochs with these validation errors; tell after which it stopped."""
    stopped = []
    watch.model.stop_training = False
    for epoch, error in enumerate(errors):
        watch.model.set_weights([np.full((1, 1), float(epoch))])
        watch.on_epoch_begin(epoch)
        watch.on_train_batch_end(0, {"loss": 1.0})
        logs = {"loss": 1.0, "val_loss": 1.0, "val_age_mae": error}
        watch.on_epoch_end(epoch, logs)
        stopped.append(bool(watch.model.stop_training))
    return stopped


def test_training_stops_once_patience_is_spent() -> None:
    watch = watch_over(line())
    assert live(watch, 9.0, 7.0, 8.0, 8.0) == [False, False, False, True]
    assert watch.best_epoch == 1


def test_best_weights_come_back_at_the_end() -> None:
    watch = watch_over(line())
    live(watch, 9.0, 7.0, 8.0)
    watch.on_train_end()
    assert float(watch.model.get_weights()[0][0, 0]) == 1.0


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_step_without_a_finite_loss_ends_training(loss: float) -> None:
    watch = watch_over(line())
    watch.on_epoch_begin(2)
    with pytest.raises(DivergedError, match="in epoch 3"):
        watch.on_train_batch_end(0, {"loss": loss})


def test_too_high_a_learning_rate_is_told_in_one_line() -> None:
    model = line(learning_rate=1e15)
    with pytest.raises(DivergedError, match=r"in epoch \d+\. Try a lower"):
        train(model, watch_over(model))


def test_listener_that_raises_ends_the_training() -> None:
    class EnoughError(Exception):
        pass

    heard: list[int] = []

    def listen(epoch: int, _: Mapping[str, float]) -> None:
        heard.append(epoch)
        raise EnoughError

    model = line()
    with pytest.raises(EnoughError):
        train(model, watch_over(model, [listen]))
    assert heard == [0]
