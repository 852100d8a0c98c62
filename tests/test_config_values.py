"""Settings changed by their dotted names."""

import math

import pytest

from agegender.config import Experiment, ModelConfig, setting_type, with_values
from agegender.errors import ConfigError


def test_named_settings_change_and_all_others_stay() -> None:
    before = Experiment()
    after = with_values(before, {"model.depth": 22, "optimizer.learning_rate": 1})
    assert after.model.depth == 22
    assert after.model.widen_factor == before.model.widen_factor
    assert after.optimizer.learning_rate == 1
    assert after.loss is before.loss
    assert before == Experiment()


def test_pooling_8_may_be_a_number_as_yaml_reads_it() -> None:
    assert with_values(Experiment(), {"model.pooling": 8}).model.pooling == "8"
    assert ModelConfig(pooling=8) == ModelConfig(pooling="8")


def test_settings_at_the_top_change_too() -> None:
    assert with_values(Experiment(), {"seed": 7}).seed == 7


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model.dpeth", 16, "no setting model.dpeth. Name one of: depth, widen_factor"),
        ("modle.depth", 16, "no setting modle.depth"),
        ("model", 16, "not a single setting"),
        ("model.depth", 16.0, "takes a whole number. Received: 16.0"),
        ("model.depth", True, "takes a whole number. Received: True"),
        ("augment.flip", 1, "takes true or false. Received: 1"),
        ("name", 1, "takes a text"),
        ("name", " ", "name must not be empty"),
        ("loss.age", "mse", "takes one of 'label_distribution', 'cross_entropy'"),
        ("loss.mean_weight", -0.1, "loss.mean_weight must not be negative"),
        ("loss.age_smoothing", 1.0, "must be 0 or more and below 1. Received: 1.0"),
        ("training.balance_beta", 1.0, "balance_beta must be 0 or more and below 1"),
        ("model.depth", 15, "6n"),
        ("seed", -1, r"seed must be within 0\.\.4294967295\. Received: -1"),
        ("seed", 2**32, r"seed must be within 0\.\.4294967295\. Received: 4294967296"),
        ("augment.mixup", math.inf, r"augment\.mixup must be a finite number.*: inf"),
        ("loss.age_sigma", math.inf, r"loss\.age_sigma must be a finite number"),
        ("loss.age_sigma", 1e-46, r"must be at least 0\.01 years\. Received: 1e-46"),
        ("optimizer.learning_rate", math.nan, "must be a finite number.*: nan"),
        ("optimizer.learning_rate", 1e300, r"number, 3\.4e\+38 at most\..*: 1e\+300"),
    ],
)
def test_wrong_name_or_value_is_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        with_values(Experiment(), {name: value})
    assert "\n" not in str(raised.value)


def test_types_are_those_of_the_dataclasses() -> None:
    assert setting_type("model.depth") is int
    assert setting_type("optimizer.learning_rate") is float
    assert setting_type("augment.flip") is bool
