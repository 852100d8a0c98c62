import keras
import numpy as np
import pytest

from agegender.config import OptimizerConfig, ScheduleConfig
from agegender.train.optimizers import optimizer


@pytest.mark.parametrize("name", ["sgd", "adamw", "lion", "lamb"])
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


def test_long_gradient_is_clipped_over_all_weights_together() -> None:
    weights = [keras.Variable([0.0]), keras.Variable([0.0])]
    config = OptimizerConfig(momentum=0.0, learning_rate=1.0, clip_norm=1.0)
    made = optimizer(config, ScheduleConfig("constant"), steps=10)
    made.apply([keras.ops.array([30.0]), keras.ops.array([40.0])], weights)
    found = [float(weight[0]) for weight in weights]
    assert found == pytest.approx([-0.6, -0.8])


def test_averaged_weights_trail_behind_the_weights() -> None:
    weight = keras.Variable([0.0])
    config = OptimizerConfig(momentum=0.0, learning_rate=1.0, weight_decay=0.0)
    made = optimizer(config, ScheduleConfig("constant"), steps=10, ema=0.9)
    for _ in range(2):
        made.apply([keras.ops.array([-1.0])], [weight])
    assert float(weight[0]) == 2.0
    made.finalize_variable_values([weight])
    # The average begins at the weight after the first step.
    assert float(weight[0]) == pytest.approx(0.9 * 1.0 + 0.1 * 2.0)
