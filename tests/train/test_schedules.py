import keras
import numpy as np
import pytest

from agegender.config import OptimizerConfig, ScheduleConfig
from agegender.train.optimizers import optimizer
from agegender.train.schedules import schedule


def rates(config: ScheduleConfig, steps: int = 101) -> list[float]:
    made = schedule(config, 0.5, steps)
    return [float(made(step)) for step in range(steps)]


def test_one_cycle_rises_to_the_peak_and_falls_to_nothing() -> None:
    found = rates(ScheduleConfig("one_cycle", warmup=0.25))
    assert found[0] == pytest.approx(0.5 / 25)
    assert int(np.argmax(found)) == 25
    assert found[25] == pytest.approx(0.5)
    assert found[100] == pytest.approx(0.0, abs=1e-6)
    assert np.all(np.diff(found[:26]) > 0)
    assert np.all(np.diff(found[25:]) < 0)


def test_cosine_warms_up_in_a_straight_line() -> None:
    found = rates(ScheduleConfig("cosine", warmup=0.1))
    np.testing.assert_allclose(found[:11], np.linspace(0, 0.5, 11), atol=1e-6)
    assert found[55] == pytest.approx(0.25)


def test_cosine_without_warm_up_starts_at_the_peak() -> None:
    found = rates(ScheduleConfig("cosine", warmup=0.0))
    assert found[0] == pytest.approx(0.5)
    assert found[50] == pytest.approx(0.25)


def test_step_drops_to_a_fifth_three_times() -> None:
    found = rates(ScheduleConfig("step"))
    np.testing.assert_allclose(
        [found[n] for n in (0, 24, 25, 49, 50, 74, 75, 100)],
        np.repeat([0.5, 0.1, 0.02, 0.004], 2),
        rtol=1e-5,
    )


def test_constant_stays() -> None:
    assert rates(ScheduleConfig("constant"), 3) == pytest.approx([0.5, 0.5, 0.5])


BY_HAND = {
    # A warm-up of less than a step is left out.
    ("one_cycle", 0.25): ([1.0], [1.0, 0.0], [1.0, 0.5, 0.0]),
    ("cosine", 0.25): ([1.0], [1.0, 0.0], [1.0, 0.5, 0.0]),
    ("cosine", 0.0): ([1.0], [1.0, 0.0], [1.0, 0.5, 0.0]),
    ("cosine", 0.9): ([1.0], [1.0, 0.0], [0.0, 5 / 9, 0.0]),
    # Half a cosine is three quarters up after two thirds of the way.
    ("one_cycle", 0.5): ([1.0], [1.0, 0.0], [0.04, 1.0, 0.0]),
    ("one_cycle", 0.75): ([1.0], [1.0, 0.0], [0.04, 0.04 + 0.96 * 0.75, 0.0]),
    ("step", 0.25): ([1.0], [1.0, 0.2**3], [1.0, 0.2**2, 0.2**3]),
    ("constant", 0.25): ([1.0], [1.0, 1.0], [1.0, 1.0, 1.0]),
}
"""Schedule and warm-up -> shares of the peak at each of one, two and three steps."""


@pytest.mark.parametrize(("name", "warmup"), BY_HAND)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_learn_at_rates_reckoned_by_hand(
    name: str, warmup: float, steps: int
) -> None:
    config = ScheduleConfig(name, warmup)  # type: ignore[arg-type]
    shares = np.array(BY_HAND[name, warmup][steps - 1])
    np.testing.assert_allclose(rates(config, steps), 0.5 * shares, atol=1e-6)


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "step", "constant"])
@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("one_program", [False, True])
def test_first_of_one_or_two_steps_learns_at_the_peak(
    name: str, steps: int, one_program: bool
) -> None:
    config = OptimizerConfig("sgd", 0.5, momentum=0.0, weight_decay=0.0)
    kind = ScheduleConfig(name)  # type: ignore[arg-type]
    made = optimizer(config, kind, steps, one_program=one_program)
    weight = keras.Variable([1.0])
    made.apply([keras.ops.ones(1)], [weight])
    assert float(weight[0]) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["one_cycle", "cosine", "step", "constant"])
def test_schedule_survives_being_saved(name: str) -> None:
    made = schedule(ScheduleConfig(name), 0.5, 9)  # type: ignore[arg-type]
    schedules = keras.optimizers.schedules
    back = schedules.deserialize(schedules.serialize(made))
    assert [float(back(n)) for n in range(9)] == [float(made(n)) for n in range(9)]
