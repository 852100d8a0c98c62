import keras
import numpy as np
import pytest

from agegender.config import OptimizerConfig, ScheduleConfig
from agegender.train.optimizers import optimizer


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_weight_decay_shrinks_kernels_and_spares_norms_and_biases(name: str) -> None:
    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.set_weights([np.ones(w.shape) for w in model.weights])
    config = OptimizerConfig(name, learning_rate=0.5, weight_decay=0.1)  # type: ignore[arg-type]
    made = optimizer(config, ScheduleConfig("constant"), steps=10)
    weights = model.trainable_variables
    nothing = [keras.ops.zeros(w.shape) for w in weights]
    made.apply(nothing, weights)
    found = {w.name: np.unique(keras.ops.convert_to_numpy(w)) for w in weights}
    assert found["kernel"] == pytest.approx(1 - 0.5 * 0.1)
    assert [found[name] for name in ("bias", "gamma", "beta")] == [1.0, 1.0, 1.0]


def test_momentum_is_nesterov() -> None:
    made = optimizer(OptimizerConfig(momentum=0.8), ScheduleConfig(), steps=10)
    settings = made.get_config()
    assert (settings["momentum"], settings["nesterov"]) == (0.8, True)


def test_learning_rate_follows_the_schedule() -> None:
    made = optimizer(OptimizerConfig(learning_rate=0.2), ScheduleConfig("step"), 5)
    made.build([keras.Variable([1.0])])
    made.iterations.assign(4)
    assert float(made.learning_rate) == pytest.approx(0.2 * 0.2**3)
