"""What a trial's network costs, told before it has learnt anything."""

import math
import pickle
from dataclasses import replace

import pytest

from agegender.config import CropRule, Experiment, ModelConfig, SearchConfig
from agegender.model.cost import count
from agegender.model.wide_resnet import build
from agegender.steps.weighing import CostOf

SMALL = ModelConfig(depth=10, widen_factor=1)


def cost(kind: str, model: ModelConfig = SMALL) -> float:
    search = SearchConfig(cost=kind)  # type: ignore[arg-type]
    weigh = pickle.loads(pickle.dumps(CostOf(CropRule(size=16))))
    told = weigh(Experiment(model=model, search=search))
    assert isinstance(told, float)
    return told


def test_parameters_and_arithmetic_are_those_of_the_network() -> None:
    counted = count(build(SMALL, 16, None, 0))
    assert cost("parameters") == counted.parameters
    assert cost("flops") == counted.forward_flops
    wider = replace(SMALL, widen_factor=2)
    assert cost("parameters", wider) > counted.parameters
    assert cost("flops", wider) > counted.forward_flops


@pytest.mark.parametrize("head", ["softmax", "ordinal"])
def test_latency_is_that_of_the_exported_network(head: str) -> None:
    took = cost("latency", replace(SMALL, age_head=head))
    assert 0.0 < took < math.inf
