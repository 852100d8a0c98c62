"""Training steps of WRN-16-8 on the CPU: ours beside the plain way, and the limit.

Plain is float32, compiled as Keras does by default, with the original experiment's
head. The limit is a large convolution in bfloat16, forwards alone, timed in turn
with the steps. A step counts as three times the forward pass.
"""

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.side_by_side import Timing, table, timed

SIDE, BATCH, ROUNDS = 64, 16, 3
PLAIN, OURS, LIMIT = "plain: float32, XLA, original head", "ours", "convolution"
CONVOLVED = (16, 32, 32, 256)  # faces, rows, columns, channels in and out
CONVOLUTIONS = 8


def run() -> str:
    """Measure a step at a time; the wall seconds are this machine's mood."""
    from agegender.model.cost import count  # noqa: PLC0415
    from agegender.model.wide_resnet import build  # noqa: PLC0415
    from agegender.train.precision import dtype_policy  # noqa: PLC0415

    timing = timed({PLAIN: _plain(), OURS: _ours(), LIMIT: _convolutions()}, ROUNDS)
    flops = 3 * BATCH * count(build(_network(), SIDE, None))[1]
    faces, rows, columns, channels = CONVOLVED
    limit = CONVOLUTIONS * 2 * faces * rows * columns * 9 * channels**2
    shares = [
        (flops / ours) / (limit / most)
        for ours, most in zip(
            timing.processor[OURS], timing.processor[LIMIT], strict=True
        )
    ]
    speed = statistics.median(limit / s for s in timing.processor[LIMIT]) / 1e9
    steps = Timing(*({name: side[name] for name in (PLAIN, OURS)} for side in timing))
    return (
        f"{table('train WRN-16-8, 64 px, 16 faces a step', BATCH, steps)}\n"
        f"  ours computes in {dtype_policy('auto')}; a bf16 convolution makes "
        f"{speed:,.0f} GFLOP a CPU s, our step {statistics.median(shares):.0%} of it"
    )


def _network() -> Any:
    from agegender.config import ModelConfig  # noqa: PLC0415

    return ModelConfig(depth=16, widen_factor=8)


def _plain() -> Callable[[], object]:
    import keras  # noqa: PLC0415

    from agegender.config import LossConfig, ModelConfig  # noqa: PLC0415
    from agegender.model.losses import losses  # noqa: PLC0415
    from agegender.model.wide_resnet import build  # noqa: PLC0415

    model = build(ModelConfig(16, 8, pooling="original"), SIDE, None)
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        loss=losses(LossConfig(age="cross_entropy", expectation_weight=0.0)),
    )
    return _step(model)


def _ours() -> Callable[[], object]:
    from agegender.config import Experiment  # noqa: PLC0415
    from agegender.train.learners import compiled  # noqa: PLC0415

    return _step(compiled(Experiment(model=_network()), SIDE, 100))


def _step(model: Any) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (BATCH, SIDE, SIDE, 3), dtype=np.uint8)
    targets = {
        "age": rng.uniform(0, 100, BATCH).astype(np.float32),
        "gender": rng.integers(0, 2, BATCH).astype(np.float32),
    }
    return lambda: model.train_on_batch(faces, targets)


def _convolutions() -> Callable[[], object]:
    import tensorflow as tf  # noqa: PLC0415

    kernel = tf.cast(tf.random.normal((3, 3, *CONVOLVED[-1:] * 2)) * 0.02, "bfloat16")
    pictures = tf.cast(tf.random.normal(CONVOLVED), "bfloat16")

    @tf.function(jit_compile=False)
    def chain(found: Any) -> Any:
        for _ in range(CONVOLUTIONS):
            found = tf.nn.conv2d(found, kernel, 1, "SAME")
        return tf.reduce_sum(found)

    return lambda: chain(pictures).numpy()
