"""How values of settings stand on axes."""

import numpy as np
import pandas as pd
import pytest

from agegender.config import short_name
from agegender.search.figures.scales import Scale


def test_numbers_a_few_times_apart_stand_evenly() -> None:
    scale = Scale.of("momentum", pd.Series([0.5, 0.7, 0.9]))
    assert scale.kind == "even"
    assert scale.heights(pd.Series([0.5, 0.7, 0.9])).tolist() == pytest.approx(
        [0.0, 0.5, 1.0]
    )


def test_numbers_many_times_apart_stand_by_their_logarithm() -> None:
    rates = pd.Series([0.001, 0.01, 0.1])
    scale = Scale.of("learning_rate", rates)
    assert scale.kind == "log"
    assert scale.heights(rates).tolist() == pytest.approx([0.0, 0.5, 1.0])
    texts = [text for _, text in scale.ticks()]
    assert texts[0] == "0.001"
    assert texts[-1] == "0.1"


def test_choices_stand_in_alphabetical_order_whichever_came_first() -> None:
    chosen = pd.Series(["sgd", "adamw", "lion", "sgd"])
    scale = Scale.of("optimizer.name", chosen)
    assert scale.places(chosen).tolist() == [2.0, 0.0, 1.0, 2.0]
    assert scale.marks() == [(0.0, "adamw"), (0.5, "lion"), (1.0, "sgd")]


@pytest.mark.parametrize(
    "values",
    [pd.Series([True, False]), pd.Series([True, None, False], dtype=object)],
)
def test_yes_and_no_are_choices(values: "pd.Series[object]") -> None:
    scale = Scale.of("flip", values)
    assert scale.names == ("False", "True")
    places = scale.places(values)
    assert (places[0], places[-1]) == (1.0, 0.0)


def test_setting_that_was_not_drawn_stands_nowhere() -> None:
    values = pd.Series([4.0, np.nan, 8.0])
    scale = Scale.of("widen_factor", values)
    assert scale.kind == "whole"
    assert np.isnan(scale.places(values)).tolist() == [False, True, False]


@pytest.mark.parametrize("values", [[4], ["sgd"], [0.01]])
def test_one_value_alone_has_an_axis_too(values: list[object]) -> None:
    scale = Scale.of("one", pd.Series(values))
    assert np.isfinite(scale.heights(pd.Series(values))).all()
    assert scale.low < scale.high
    low, high = scale.ends()
    assert any(low <= place <= high for place, _ in scale.ticks())


def test_one_rate_alone_stands_among_rates() -> None:
    scale = Scale.of("learning_rate", pd.Series([0.01]))
    assert 0.0 < scale.low < 0.01 < scale.high < 0.02


@pytest.mark.parametrize("decades", [1.5, 3.0, 4.0, 9.0, 12.0])
def test_log_scale_has_a_few_ticks_however_long_it_is(decades: float) -> None:
    ends = pd.Series([2e-13, 2e-13 * 10.0**decades])
    assert 2 <= len(Scale.of("weight_decay", ends).ticks()) <= 10


def test_ticks_of_whole_numbers_are_whole() -> None:
    ticks = Scale.of("depth", pd.Series([10, 12])).ticks()
    assert all(place == round(place) for place, _ in ticks)


def test_depths_are_marked_where_networks_have_them() -> None:
    drawn = pd.Series([22, 10, 16, 22, 28])
    assert [text for _, text in Scale.of("depth", drawn).ticks()] == [
        "10",
        "16",
        "22",
        "28",
    ]


@pytest.mark.parametrize("drawn", [[10, 11, 40], range(1, 30), [77_123, 304_003]])
def test_numbers_that_cannot_all_be_written_are_not_the_ticks(
    drawn: list[int],
) -> None:
    ticks = [place for place, _ in Scale.of("any", pd.Series(drawn)).ticks()]
    assert set(ticks) != set(drawn)


def test_short_name_is_the_last_part_where_no_other_setting_ends_alike() -> None:
    assert short_name("model.depth") == "depth"
    assert short_name("optimizer.learning_rate") == "learning_rate"
    assert short_name("optimizer.name") == "optimizer.name"
