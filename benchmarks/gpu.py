"""Training WRN-16-8 on one GPU: faces a second, and the share of the possible.

Runs with nothing but Keras, JAX and NumPy, on faces that it makes itself:

    python -m benchmarks.gpu            # a minute on an H100
    python -m benchmarks.gpu --smoke    # a tiny network, anywhere, to see it run

The network, its losses and its random changes are the package's own. The possible
is a multiplication of large square matrices in bfloat16, timed before and after; a
training step counts as three times the forward pass.
"""

import argparse
import os
import statistics
import time
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np

from agegender.config import AugmentConfig, LossConfig, ModelConfig
from agegender.model.cost import count
from agegender.model.losses import loss_weights, losses
from agegender.model.metrics import metrics, weighted_metrics
from agegender.model.wide_resnet import build

EPOCHS, FACES_TO_LEARN = 30, 171_852


class Size(NamedTuple):
    """How much is measured."""

    network: ModelConfig
    side: int  # of the faces, in pixels
    batch: int
    steps: int  # a measured round
    matrix: int  # rows and columns


FULL = Size(ModelConfig(depth=16, widen_factor=8), 64, 256, 40, 8192)
SMOKE = Size(ModelConfig(depth=10, widen_factor=1), 16, 8, 3, 256)
ROUNDS, PRODUCTS = 5, 16


class RoundClock(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the seconds of each epoch; Keras waits for the device at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        del epoch, logs
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Read the clock, the loss being known."""
        del epoch
        float(logs["loss"])
        self.seconds.append(time.perf_counter() - self._began)


def faces_per_second(size: Size) -> tuple[float, int]:
    """Train, and return the median speed and the FLOPs of a face's forward pass."""
    model = build(size.network, size.side, AugmentConfig(), 0, "mixed_bfloat16")
    loss = LossConfig()
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, weight_decay=5e-4),
        loss=losses(loss),
        loss_weights=loss_weights(loss),
        metrics=metrics(),
        weighted_metrics=weighted_metrics(loss),
    )
    rng, faces = np.random.default_rng(0), size.batch * size.steps
    pixels = rng.integers(0, 256, (faces, size.side, size.side, 3), dtype=np.uint8)
    targets = {
        "age": rng.uniform(0, 100, faces).astype(np.float32),
        "gender": rng.integers(0, 2, faces).astype(np.float32),
    }
    clock = RoundClock()
    model.fit(
        pixels,
        targets,
        batch_size=size.batch,
        epochs=1 + ROUNDS,
        callbacks=[clock],
        verbose=0,
    )
    # The first round compiles.
    return faces / statistics.median(clock.seconds[1:]), count(model)[1]


def matrix_flops(size: int) -> float:
    """Return the floating point operations a second of a bf16 matrix product."""
    draws = jax.random.normal(jax.random.key(0), (2, size, size), jnp.bfloat16)
    left, right = draws[0], draws[1] / size**0.5

    @jax.jit
    def chain(found: Any) -> Any:
        for _ in range(PRODUCTS):
            found = found @ right
        return found

    chain(left).block_until_ready()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        chain(left).block_until_ready()
        seconds.append(time.perf_counter() - began)
    return PRODUCTS * 2 * size**3 / min(seconds)


def report(size: Size) -> str:
    """Measure and return the table."""
    before = matrix_flops(size.matrix)
    speed, forward = faces_per_second(size)
    possible = max(before, matrix_flops(size.matrix))
    done = 3 * forward * speed
    minutes = EPOCHS * FACES_TO_LEARN / speed / 60
    network = f"WRN-{size.network.depth}-{size.network.widen_factor}"
    rows = {
        "device": jax.devices()[0].device_kind,
        "keras, jax": f"{keras.version()}, {jax.__version__}",
        "training": f"{network}, {size.side} px, bf16, {size.batch} faces a step",
        "faces a second": f"{speed:,.0f}",
        "TFLOP a second, training": f"{done / 1e12:,.2f}",
        "TFLOP a second, matrices": f"{possible / 1e12:,.2f}",
        "share of the possible": f"{done / possible:.1%}",
        f"{EPOCHS} epochs of {FACES_TO_LEARN:,} faces": f"{minutes:,.1f} minutes",
    }
    return "\n".join(f"{name:<32}{value}" for name, value in rows.items())


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(description="Training speed on one GPU.")
    options.add_argument("--smoke", action="store_true", help="tiny, to see it run")
    options.add_argument("--batch", type=int, help="faces a step")
    chosen = options.parse_args()
    size = SMOKE if chosen.smoke else FULL
    print(report(size._replace(batch=chosen.batch or size.batch)))


if __name__ == "__main__":
    main()
