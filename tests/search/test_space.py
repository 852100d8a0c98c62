"""What may be searched, and what is refused before anything runs."""

import pytest
from analytic_training import experiment
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from agegender.config import Experiment, ParameterSpace
from agegender.errors import ConfigError
from agegender.search.space import distributions


def test_default_space_is_drawn_by_the_type_of_each_setting() -> None:
    assert distributions(Experiment()) == {
        "model.depth": CategoricalDistribution([10, 16, 22, 28]),
        "model.widen_factor": IntDistribution(1, 8),
        "optimizer.learning_rate": FloatDistribution(1e-3, 0.5, log=True),
    }


def test_range_in_steps_ends_at_the_last_whole_step() -> None:
    space = {"model.depth": ParameterSpace(low=10, high=30, step=6)}
    assert distributions(experiment(space=space)) == {
        "model.depth": IntDistribution(10, 28, step=6)
    }


@pytest.mark.parametrize(
    ("name", "space", "message"),
    [
        ("model.width", ParameterSpace(choices=[1]), "no setting model.width"),
        ("model", ParameterSpace(choices=[1]), "model is not a single setting"),
        ("model.depth.x", ParameterSpace(choices=[1]), "no setting model.depth.x"),
        ("search.space", ParameterSpace(choices=[1]), "not a single setting"),
        ("model.depth", ParameterSpace(choices=[10, 15]), "must be 6n"),
        ("model.depth", ParameterSpace(choices=["deep"]), "takes a whole number"),
        ("model.widen_factor", ParameterSpace(low=0.5, high=2), "needs whole numbers"),
        ("optimizer.momentum", ParameterSpace(low=0.5, high=2), "momentum must be"),
        ("optimizer.name", ParameterSpace(choices=["adam"]), "one of 'sgd', 'adamw'"),
        ("optimizer.name", ParameterSpace(low=0, high=1), "List its choices"),
        (
            "model.widen_factor",
            ParameterSpace(low=1, high=8, step=2, log=True),
            "both log and a step",
        ),
        (
            "model.widen_factor",
            ParameterSpace(low=1, high=8, step=0),
            "step above 0",
        ),
    ],
)
def test_wrong_space_is_refused(name: str, space: ParameterSpace, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        distributions(experiment(space={name: space}))
