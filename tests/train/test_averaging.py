from collections.abc import Mapping
from dataclasses import replace

import keras
import numpy as np

from agegender.config import Experiment
from agegender.data.batches import FaceBatches
from agegender.data.store import FaceStore
from agegender.train import fit
from agegender.train.averaging import AveragedWeights, slow_norms
from agegender.train.learners import compiled


def averaging(experiment: Experiment, ema: float = 0.8) -> Experiment:
    return replace(experiment, training=replace(experiment.training, ema=ema))


class Look(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the one weight when validation ends, or when the epoch does."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self.seen: list[float] = []
        setattr(self, moment, self._note)

    def _note(self, *_: object, **__: object) -> None:
        self.seen.append(float(self.model.get_weights()[0][0, 0]))


def test_validation_sees_the_average_and_leaves_the_raw_weights() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    sgd = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    model.compile(sgd, "mse")
    model.set_weights([np.zeros((1, 1))])
    validated, raw = Look("on_test_end"), Look("on_epoch_end")
    x = np.ones((4, 1), np.float32)
    model.fit(
        x,
        x,
        batch_size=4,
        epochs=3,
        validation_data=(x, x),
        callbacks=[validated, AveragedWeights(), raw],
        verbose=0,
    )
    # Each step closes a fifth of the gap to 1.
    np.testing.assert_allclose(raw.seen, [0.2, 0.36, 0.488], rtol=1e-5)
    np.testing.assert_allclose(validated.seen, [0.2, 0.28, 0.384], rtol=1e-5)


def test_norms_look_back_as_far_as_the_average(tiny_experiment: Experiment) -> None:
    model = compiled(averaging(tiny_experiment, 0.99), 16, 4)
    norms = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert norms
    assert {norm.momentum for norm in norms} == {0.99}
    slow_norms(model, 0.5)
    assert {norm.momentum for norm in norms} == {0.99}


def test_chosen_weights_are_the_averaged_ones(
    tiny_store: FaceStore, tiny_experiment: Experiment
) -> None:
    heard: list[float] = []

    def listen(_: int, measures: Mapping[str, float]) -> None:
        heard.append(measures["val_age_mae"])

    trained = fit(averaging(tiny_experiment), tiny_store, [listen])
    plain = fit(tiny_experiment, tiny_store)
    validation = FaceBatches(tiny_store, tiny_store.rows("validation"), 16)
    measured = trained.model.evaluate(validation, return_dict=True, verbose=0)
    np.testing.assert_allclose(measured["age_mae"], min(heard), rtol=1e-5)
    # The raw weights took the same way: averages must not touch training.
    first = ["loss", "age_mae"]
    np.testing.assert_allclose(
        trained.history[first], plain.history[first], rtol=1e-5, atol=1e-6
    )
    assert not np.allclose(trained.history["val_loss"], plain.history["val_loss"])
