import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import pytest

from agegender.progress import silent
from agegender.train.course import Course
from agegender.train.epochs import DivergedError, EpochListener, EpochWatch


def line(learning_rate: float = 0.1) -> keras.Model:
    """Return a model of one weight, whose error is called as the age's is."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    error = keras.metrics.MeanAbsoluteError(name="age_mae")
    model.compile(keras.optimizers.SGD(learning_rate), "mse", metrics=[error])
    return model


def watch_over(
    model: keras.Model, listeners: Sequence[EpochListener] = ()
) -> tuple[EpochWatch, Course]:
    course = Course()
    watch = EpochWatch(model, course, listeners, silent, faces_per_step=4, patience=2)
    watch.set_model(model)
    watch.set_params({"steps": 1, "epochs": 9})
    return watch, course


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
        watch.on_test_begin()
        watch.on_test_end({"age_mae": error})
        logs = {"loss": 1.0, "val_loss": 1.0, "val_age_mae": error}
        watch.on_epoch_end(epoch, logs)
        stopped.append(bool(watch.model.stop_training))
    return stopped


def test_training_stops_once_patience_is_spent() -> None:
    watch, course = watch_over(line())
    assert live(watch, 9.0, 7.0, 7.0, 8.0) == [False, False, False, True]
    assert course.best_epoch == 1


def test_weights_of_the_lowest_validation_error_are_kept() -> None:
    watch, course = watch_over(line())
    live(watch, 9.0, 7.0, 8.0)
    assert float(course.best_weights[0][0, 0]) == 1.0


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_step_without_a_finite_loss_ends_training(loss: float) -> None:
    watch, _ = watch_over(line())
    watch.on_epoch_begin(2)
    watch.on_train_batch_end(0, {"loss": loss})
    with pytest.raises(DivergedError, match="in epoch 3"):
        watch.on_train_batch_begin(1)


def test_speed_leaves_out_the_first_step_since_it_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch, course = watch_over(line())
    # Begun at 0 s; steps known at 10, 12 and 14 s; validated by 20 s.
    clock = iter([0.0, 10.0, 12.0, 14.0, 20.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    watch.on_epoch_begin(0)
    for step in range(3):
        watch.on_train_batch_end(step, {"loss": 1.0})
    watch.on_epoch_end(0, {"loss": 1.0, "val_loss": 1.0})
    row = course.rows[0]
    assert (row["faces_per_second"], row["epoch_seconds"]) == (2 * 4 / 4.0, 20.0)


def test_too_high_a_learning_rate_is_told_in_one_line() -> None:
    model = line(learning_rate=1e15)
    with pytest.raises(DivergedError, match=r"in epoch \d+\. Try a lower"):
        train(model, watch_over(model)[0])


def test_listener_that_raises_ends_the_training() -> None:
    class EnoughError(Exception):
        pass

    heard: list[int] = []

    def listen(epoch: int, _: Mapping[str, float]) -> None:
        heard.append(epoch)
        raise EnoughError

    model = line()
    with pytest.raises(EnoughError):
        train(model, watch_over(model, [listen])[0])
    assert heard == [0]
