"""Figures of a study show its trials."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from analytic_training import experiment, train, width

from agegender.config import ParameterSpace
from agegender.search import StudyResult, run_study
from agegender.search.figures.pictures import study_figures


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return ran(tmp_path_factory.mktemp("study"), 15)


def ran(folder: Path, trials: int) -> StudyResult:
    space = {
        **experiment().search.space,
        "optimizer.name": ParameterSpace(choices=["sgd", "adamw"]),
    }
    return run_study(
        experiment("random", "median", epochs=5, space=space),
        train,
        storage=f"sqlite:///{(folder / 's.db').as_posix()}",
        study_name="widths",
        trials=trials,
    )


def test_history_shows_every_trial_and_the_best_so_far(found: StudyResult) -> None:
    axes = study_figures(found)["history"].axes[0]
    pruned, complete = (points.get_offsets() for points in axes.collections)
    assert len(pruned) == found.count("pruned") > 0
    assert len(complete) == found.count("complete")
    assert np.min(axes.lines[0].get_ydata()) == found.best_value


def test_each_setting_has_a_panel_and_marks_the_best(found: StudyResult) -> None:
    panels = study_figures(found)["settings"].axes
    names = ["depth", "widen_factor", "learning_rate", "optimizer.name"]
    assert [panel.get_xlabel() for panel in panels] == names
    best = panels[1].collections[-1].get_offsets()[0]
    assert list(best) == [found.best.model.widen_factor, found.best_value]
    names = [tick.get_text() for tick in panels[3].get_xticklabels()]
    assert names == ["adamw", "sgd"]


def test_parallel_coordinates_are_a_line_a_trial_and_the_best_on_top(
    found: StudyResult,
) -> None:
    axes = study_figures(found)["parallel_coordinates"].axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 5]
    known = found.trials["value"].notna()
    assert len(lines) == known.sum()
    top = max(lines, key=lambda line: line.get_zorder())
    # Its error is the lowest, its width stands by the ends of what was drawn.
    heights = top.get_ydata()
    widths = found.trials["model.widen_factor"][known]
    share = (found.best.model.widen_factor - widths.min()) / np.ptp(widths)
    assert heights[4] == 0.0
    assert heights[1] == pytest.approx(share)
    # One that was given up has no error to compare.
    ends = [np.isnan(line.get_ydata()[4]) for line in lines]
    assert sum(ends) == found.count("pruned")


def test_importances_are_drawn_where_trials_suffice(found: StudyResult) -> None:
    drawn = {"history", "settings", "parallel_coordinates", "importances"}
    assert set(study_figures(found)) == drawn


def test_front_is_a_line_through_the_trials_that_none_beats(tmp_path: Path) -> None:
    weighed = run_study(
        experiment("random", cost="parameters"),
        train,
        storage=f"sqlite:///{(tmp_path / 's.db').as_posix()}",
        study_name="weighed",
        trials=8,
        cost=width,
    )
    axes = study_figures(weighed)["front"].axes[0]
    line = axes.lines[0]
    corners = list(zip(line.get_xdata(), line.get_ydata(), strict=True))
    assert corners == [(one.cost, one.error) for one in weighed.front]
    assert axes.get_xlabel() == "parameters"
    assert len(axes.collections[0].get_offsets()) == 8
    told = {text.get_text() for text in axes.texts}
    assert told == {f"trial {one.number}" for one in weighed.front}


def test_study_of_one_trial_can_be_drawn(tmp_path: Path) -> None:
    figures = study_figures(ran(tmp_path, 1))
    assert set(figures) == {"history", "settings", "parallel_coordinates"}
    for figure in figures.values():
        figure.draw_without_rendering()


def test_nothing_below_a_panel_runs_into_its_neighbour(tmp_path: Path) -> None:
    space = {
        "training.batch_size": ParameterSpace(low=16, high=1024, log=True),
        "loss.age": ParameterSpace(
            choices=["label_distribution", "mean_variance", "cross_entropy"]
        ),
        "optimizer.name": ParameterSpace(choices=["sgd", "adamw", "lion"]),
    }
    found = run_study(
        experiment("random", space=space),
        train,
        storage=f"sqlite:///{(tmp_path / 's.db').as_posix()}",
        study_name="s",
        trials=20,
    )
    figure = study_figures(found)["settings"]
    figure.draw_without_rendering()
    for axes in figure.axes:
        written = axes.get_xticklabels() + axes.get_xticklabels(minor=True)
        shown = [one for one in written if one.get_text()]
        assert len(shown) > 1
        places = [one.get_window_extent() for one in shown]
        is_level = not any(one.get_rotation() for one in shown)
        for one, other in pairwise(sorted(places, key=lambda box: box.x0)):
            assert one.x1 < other.x0 or not is_level


def test_dollars_in_a_studys_name_are_no_mathematics(found: StudyResult) -> None:
    named = replace(found, study_name="5$ _{ $")
    study_figures(named)["history"].savefig(BytesIO())
