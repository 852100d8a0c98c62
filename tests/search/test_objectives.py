"""Error alone, or error against cost."""

import json
import math
from pathlib import Path

import optuna
import pytest
from analytic_training import FileTracker, experiment, final_error, train, width

from agegender.config import Experiment, SearchConfig, with_values
from agegender.errors import ConfigError
from agegender.search import StudyResult, run_study
from agegender.search.front import front_of
from agegender.search.trial import EpochListener


def weighed(storage: str, trials: int = 10, **options: object) -> StudyResult:
    return run_study(
        options.pop("settings", experiment(cost="parameters")),
        options.pop("train_trial", train),
        storage=storage,
        study_name="s",
        trials=trials,
        cost=width,
        **options,
    )


def test_front_holds_every_trial_that_none_beats_and_no_other(storage: str) -> None:
    result = weighed(storage)
    trials = result.trials
    assert trials["parameters"].equals(trials["model.widen_factor"].astype(float))
    numbers = {one.number for one in result.front}
    for trial in trials.itertuples():
        beaten = (
            (trials["value"] <= trial.value)
            & (trials["parameters"] <= trial.parameters)
            & (trials["number"] != trial.number)
        ).any()
        assert (trial.number in numbers) != beaten
    costs, errors = ([one[i] for one in result.front] for i in (2, 1))
    assert costs == sorted(costs)
    assert errors == sorted(errors, reverse=True)
    # There is something to weigh: the wider, the better.
    assert len(result.front) > 1


def test_dearer_trial_of_the_same_error_is_on_no_front() -> None:
    values = [(5.0, 2.0), (5.0, 1.0), (4.0, 3.0), (4.5, 3.0)]
    trials = [optuna.trial.create_trial(values=pair) for pair in values]
    front = [(one.error, one.cost) for one in front_of(trials)]
    assert front == [(5.0, 1.0), (4.0, 3.0)]


def test_best_is_the_one_of_the_lowest_error_whatever_it_costs(storage: str) -> None:
    result = weighed(storage)
    assert result.best_value == result.trials["value"].min()
    assert result.best_number == result.front[-1].number
    assert result.best_value == pytest.approx(final_error(result.best))


def test_front_can_be_written_as_json_and_trained(storage: str) -> None:
    front = json.loads(json.dumps(weighed(storage).to_dict(), allow_nan=False))["front"]
    for one in front:
        drawn = with_values(experiment(), one["values"])
        assert width(drawn) == one["parameters"]
        assert final_error(drawn) == pytest.approx(one["val_age_mae"])


def test_no_trial_is_given_up_where_a_cost_is_weighed(storage: str) -> None:
    settings = experiment("random", pruner="auto", epochs=9, cost="flops")
    trials = weighed(storage, settings=settings).trials
    assert set(trials["state"]) == {"complete"}
    assert set(trials["epochs"]) == {9}
    assert set(trials["best_epoch"]) == {7}  # the last epoch is worse by half a year


def test_left_to_itself_the_median_gives_trials_up_where_error_alone_counts(
    storage: str,
) -> None:
    settings = experiment("random", pruner="auto", epochs=9)
    assert weighed(storage, 15, settings=settings).count("pruned") > 0


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_pruner_beside_a_cost_is_refused(pruner: str) -> None:
    with pytest.raises(ConfigError, match=r"pruner must be none where search\.cost"):
        SearchConfig(pruner=pruner, cost="flops")  # type: ignore[arg-type]


def test_trial_whose_loss_is_lost_has_no_cost_and_is_on_no_front(storage: str) -> None:
    def lose_the_wide(settings: Experiment, listener: EpochListener) -> None:
        if settings.model.widen_factor > 4:
            listener(0, {"val_age_mae": math.nan})
        train(settings, listener)

    result = weighed(
        storage,
        train_trial=lose_the_wide,
        settings=experiment("random", cost="parameters"),
    )
    lost = result.trials[result.trials["model.widen_factor"] > 4]
    assert len(lost) > 0
    assert set(lost["state"]) == {"pruned"}
    assert lost[["value", "parameters"]].isna().all(axis=None)
    assert all(one.cost <= 4 for one in result.front)


def test_cost_is_tracked_with_its_trial(storage: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    result = weighed(storage, 3, tracker=FileTracker(str(log)))
    costs = [line for line in log.read_text().splitlines() if "cost" in line]
    widths = result.trials["model.widen_factor"]
    assert costs == [f"{i} cost parameters {w:.3f}" for i, w in enumerate(widths)]


def test_study_goes_on_with_its_cost_and_with_no_other(tmp_path: Path) -> None:
    whole = weighed(f"sqlite:///{tmp_path}/whole.db").trials
    parted = f"sqlite:///{tmp_path}/parted.db"
    weighed(parted, 6)
    resumed = weighed(parted)
    names = [*resumed.settings, "value", "parameters"]
    assert resumed.trials[names].equals(whole[names])
    for other in ("none", "flops"):
        with pytest.raises(ConfigError, match=r"begun with another search\.cost:"):
            weighed(parted, 20, settings=experiment(cost=other))


def test_cost_that_nothing_tells_is_refused(storage: str) -> None:
    with pytest.raises(ConfigError, match="nothing tells the cost"):
        run_study(
            experiment(cost="flops"), train, storage=storage, study_name="s", trials=1
        )


def test_target_is_one_of_the_error_where_a_cost_is_weighed(storage: str) -> None:
    aim = weighed(storage).trials["value"].iloc[0] + 0.1
    assert len(weighed(f"{storage}2", 40, target=aim).trials) == 1
