"""How the learning rate moves over the steps of a whole training."""

import math
from typing import Any

import keras
from keras import ops

from agegender.config import ScheduleConfig

ONE_CYCLE_START = 1 / 25
STEP_FACTOR = 0.2
STEP_SHARES = (0.25, 0.5, 0.75)


def schedule(config: ScheduleConfig, peak: float, steps: int) -> "Schedule":
    """Return the learning rate as a function of the step.

    Args:
        config: Which schedule, and its share of warm-up.
        peak: Highest learning rate.
        steps: Steps of the whole training.
    """
    match config.name:
        case "one_cycle":
            return OneCycle(peak, steps, config.warmup, ONE_CYCLE_START)
        case "cosine":
            return Cosine(peak, steps, config.warmup)
        case "step":
            return Steps(peak, steps)
        case "constant":
            return Constant(peak, steps)


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that depends on the share of the training that is done.

    Args:
        peak: Highest learning rate.
        steps: Steps of the whole training.
    """

    def __init__(self, peak: float, steps: int) -> None:
        self.peak = peak
        self.steps = steps
        self._peak: Any = peak
        self._last: Any = float(max(1, steps - 1))

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step, 0-based."""
        done = ops.cast(step, "float32") / self._last
        return self._peak * self.factor(ops.minimum(done, 1.0))

    def keep_in(self, optimizer: keras.optimizers.Optimizer) -> None:
        """Let an optimizer keep the peak and the steps among its variables.

        They are then no part of the program that a step is compiled to: one serves
        trainings of every rate and length.

        Args:
            optimizer: Whose schedule this is.
        """
        self._peak = _kept(optimizer, self._peak, "peak")
        self._last = _kept(optimizer, self._last, "last_step")

    def factor(self, done: Any) -> Any:
        """Return the share of the peak when a share `done` of the steps is over."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal schedule."""
        return {"peak": self.peak, "steps": self.steps}


def _kept(optimizer: keras.optimizers.Optimizer, value: float, name: str) -> Any:
    start = keras.initializers.Constant(value)
    return optimizer.add_variable((), start, dtype="float32", name=name)


def _fallen(done: Any) -> Any:
    """Return what is left when a share `done` of half a cosine is over."""
    return 0.5 * (1.0 + ops.cos(math.pi * ops.maximum(done, 0.0)))


class _Warm(Schedule):
    """A schedule that rises for a share of the steps and falls for the rest.

    It begins at the peak where the rise would be over before the second step.
    """

    def __init__(self, peak: float, steps: int, warmup: float, start: float) -> None:
        super().__init__(peak, steps)
        self.warmup = warmup
        self.start = start

    def factor(self, done: Any) -> Any:
        falling = _fallen((done - self.warmup) / (1.0 - self.warmup))
        if self.warmup == 0:
            return falling
        rise = self.risen(done / self.warmup)
        rising = self.start + (1.0 - self.start) * rise
        usual = ops.where(done < self.warmup, rising, falling)
        # Over before the second step, the rise would take the first from a few and
        # from one or two all that they learn.
        is_short = self.warmup * self._last < 1.0
        return ops.where(is_short, _fallen(done), usual)

    def risen(self, done: Any) -> Any:
        """Return the share of the rise when a share `done` of it is over."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        own = {"warmup": self.warmup, "start": self.start}
        return super().get_config() | own


@keras.saving.register_keras_serializable(package="agegender")
class OneCycle(_Warm):
    """Half a cosine up from a twenty-fifth of the peak, half a cosine down to 0.

    Reference: Smith & Topin, 2018.
    """

    def risen(self, done: Any) -> Any:
        """Return the share of the rise when a share `done` of it is over."""
        return 0.5 * (1.0 - ops.cos(math.pi * done))


@keras.saving.register_keras_serializable(package="agegender")
class Cosine(_Warm):
    """A straight line up from 0, half a cosine down to 0.

    Reference: Loshchilov & Hutter, ICLR 2017.
    """

    def __init__(
        self, peak: float, steps: int, warmup: float, start: float = 0.0
    ) -> None:
        super().__init__(peak, steps, warmup, start)

    def risen(self, done: Any) -> Any:
        """Return the share of the rise when a share `done` of it is over."""
        return done


@keras.saving.register_keras_serializable(package="agegender")
class Steps(Schedule):
    """A fifth of it at 25 %, 50 % and 75 % of the training.

    Reference: Zagoruyko & Komodakis, BMVC 2016, who drop three times too.
    """

    def factor(self, done: Any) -> Any:
        """Return the share of the peak when a share `done` of the steps is over."""
        drops = sum(ops.cast(done >= share, "float32") for share in STEP_SHARES)
        return ops.power(STEP_FACTOR, drops)


@keras.saving.register_keras_serializable(package="agegender")
class Constant(Schedule):
    """The peak throughout."""

    def factor(self, done: Any) -> Any:
        """Return 1."""
        return ops.ones_like(done)
