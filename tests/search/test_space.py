"""What may be searched, and what is refused before anything runs."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from analytic_training import experiment
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from agegender import cli
from agegender.config import Experiment, ParameterSpace
from agegender.errors import ConfigError
from agegender.model.wide_resnet import require_fit
from agegender.search.space import Space, check_space, space_of

SGD_OR_NOT = {
    "optimizer.name": ParameterSpace(choices=["sgd", "adamw", "lion"]),
    "optimizer.momentum": ParameterSpace(
        low=0.5, high=0.99, when={"optimizer.name": "sgd"}
    ),
}


def of(space: Mapping[str, ParameterSpace]) -> Space:
    settings = experiment(space=space)
    check_space(settings)
    return space_of(settings)


def test_default_space_is_drawn_by_the_type_of_each_setting() -> None:
    assert space_of(Experiment()).drawn == {
        "model.depth": CategoricalDistribution([10, 16, 22, 28]),
        "model.widen_factor": IntDistribution(1, 8),
        "optimizer.learning_rate": FloatDistribution(1e-3, 0.5, log=True),
    }


def test_range_in_steps_ends_at_the_last_whole_step() -> None:
    space = {
        "model.depth": ParameterSpace(low=10, high=30, step=6),
        # In binary, 0.1 goes into the 0.2 between them less than twice.
        "augment.shift": ParameterSpace(low=0.1, high=0.3, step=0.1),
        "augment.scale": ParameterSpace(low=0.0, high=0.34, step=0.1),
    }
    assert of(space).drawn == {
        "model.depth": IntDistribution(10, 28, step=6),
        "augment.shift": FloatDistribution(0.1, 0.3, step=0.1),
        "augment.scale": FloatDistribution(0.0, 0.3, step=0.1),
    }


def test_settings_are_drawn_after_those_they_depend_on() -> None:
    space = {
        "optimizer.momentum": SGD_OR_NOT["optimizer.momentum"],
        "model.depth": ParameterSpace(choices=[10, 16]),
        "optimizer.name": SGD_OR_NOT["optimizer.name"],
    }
    names = list(of(space).drawn)
    assert set(names) == set(space)
    assert names.index("optimizer.name") < names.index("optimizer.momentum")


def test_space_and_its_conditions_are_read_from_yaml(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(
        """
search:
  space:
    optimizer.name: {choices: [sgd, adamw]}
    optimizer.momentum: {low: 0.8, high: 0.99, when: {optimizer.name: sgd}}
    augment.flip: {choices: [true, false]}
    augment.shift: {low: 0, high: 0.2, step: 0.05, when: {augment.flip: true}}
    model.depth: {choices: [10, 16, 22]}
    model.dropout: {low: 0, high: 0.4, when: {model.depth: [16, 22]}}
"""
    )
    options = ["--store", "s", "--experiment", "wide.yaml"]
    settings = cli.parse("search", options)["experiment"]
    check_space(settings)
    assert space_of(settings).when == {
        "optimizer.name": {},
        "optimizer.momentum": {"optimizer.name": ("sgd",)},
        "augment.flip": {},
        "augment.shift": {"augment.flip": (True,)},
        "model.depth": {},
        "model.dropout": {"model.depth": (16, 22)},
    }


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            {"optimizer.kind": "sgd"},
            "depends on optimizer.kind, which is not searched. Name one of: opt",
        ),
        ({"model.depth": 16}, "depends on model.depth, which is not searched"),
        ({"optimizer.name": "adam"}, "'adam', which it never is. Name one of: 'sgd'"),
        ({"optimizer.name": []}, "one of no values"),
        ({"augment.flip": 1}, "being 1, which it never is. Name one of: True, False"),
        ({"model.widen_factor": 3}, "which it never is. Name one of: 2, 4"),
        ({"augment.blur": 0.5}, "numbers without end. List its choices"),
        ({"optimizer.momentum": 0.9}, "in a circle: optimizer.momentum <- optimizer.m"),
        ({"augment.erase": 0.1}, "in a circle: .*augment.erase"),
    ],
)
def test_condition_that_cannot_come_true_is_refused(
    condition: dict[str, Any], message: str
) -> None:
    space = {
        "optimizer.name": SGD_OR_NOT["optimizer.name"],
        "optimizer.momentum": ParameterSpace(low=0.5, high=0.9, when=condition),
        "augment.flip": ParameterSpace(choices=[True, False]),
        "augment.blur": ParameterSpace(low=0.0, high=1.0),
        "augment.erase": ParameterSpace(
            choices=[0.1, 0.2], when={"optimizer.momentum": 0.9}
        )
        if "augment.erase" in condition
        else ParameterSpace(choices=[0.1]),
        "model.widen_factor": ParameterSpace(low=2, high=5, step=2),
    }
    with pytest.raises(ConfigError, match=message) as raised:
        of(space)
    assert "\n" not in str(raised.value)


def test_two_settings_that_never_go_together_are_refused_before_any_trial() -> None:
    pooling = ParameterSpace(choices=["global", "8"])
    sizes = ParameterSpace(choices=[0, 32])
    with pytest.raises(ConfigError, match=r"model\.pooling='8' and training\.first_si"):
        of({"model.pooling": pooling, "training.first_size": sizes})
    # Where one is drawn only as the other allows it, they do.
    of(
        {
            "model.pooling": pooling,
            "training.first_size": replace(sizes, when={"model.pooling": "global"}),
        }
    )


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"model.input_size": ParameterSpace(choices=[16, 48])},
            "at most the faces' 32 px. Received: 48",
        ),
        (
            {
                "model.pooling": ParameterSpace(choices=["global", "8"]),
                "model.patch_size": ParameterSpace(choices=[1, 2]),
            },
            "model.pooling='8' and model.patch_size=2 do not go together: .* 4 x 4",
        ),
    ],
)
def test_values_that_the_faces_cannot_take_are_refused_before_any_trial(
    space: Mapping[str, ParameterSpace], message: str
) -> None:
    settings = experiment(space=space)
    check_space(settings)
    with pytest.raises(ConfigError, match=message):
        check_space(settings, lambda tried: require_fit(tried.model, 32))


@pytest.mark.parametrize(
    ("name", "space", "message"),
    [
        ("model.width", ParameterSpace(choices=[1]), "no setting model.width"),
        ("model", ParameterSpace(choices=[1]), "model is not a single setting"),
        ("model.depth.x", ParameterSpace(choices=[1]), "no setting model.depth.x"),
        ("search.space", ParameterSpace(choices=[1]), "changes no training"),
        ("search.trials", ParameterSpace(choices=[1]), "changes no training"),
        ("name", ParameterSpace(choices=["a"]), "name changes no training"),
        ("model.depth", ParameterSpace(choices=[10, 15]), "must be 6n"),
        (
            "model.depth",
            ParameterSpace(low=10, high=28),
            "Received: 11. Any whole number of a range may be drawn: give it a step",
        ),
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
        (
            "model.widen_factor",
            ParameterSpace(low=1, high=8, step=1.5),
            "whole numbers. Received: 1 to 8 in steps of 1.5",
        ),
    ],
)
def test_wrong_space_is_refused(name: str, space: ParameterSpace, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        of({name: space})


@pytest.mark.parametrize(("low", "high"), [(2, 1), (0, math.inf), (math.nan, 1)])
def test_range_without_two_ends_in_order_is_refused(low: float, high: float) -> None:
    with pytest.raises(ConfigError, match="needs low <= high"):
        ParameterSpace(low=low, high=high)
