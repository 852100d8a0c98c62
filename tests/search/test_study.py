"""Real studies in real databases, over trainings that take no time."""

import json
import math
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from analytic_training import FileTracker, experiment, final_error, train
from sqlalchemy.engine import make_url

from agegender.config import Experiment, ParameterSpace, with_values
from agegender.errors import AgeGenderError, ConfigError, DataError
from agegender.search import (
    SearchError,
    StudyResult,
    read_study,
    run_study,
    study_record,
)
from agegender.search.trial import EpochListener, TrainTrial


def study(
    storage: str,
    trials: int = 6,
    train_trial: TrainTrial = train,
    settings: Experiment | None = None,
    name: str = "s",
    hopeless: tuple[type[Exception], ...] = (),
) -> StudyResult:
    return run_study(
        settings or experiment(),
        train_trial,
        storage=storage,
        study_name=name,
        trials=trials,
        hopeless=hopeless,
    )


def test_study_has_as_many_trials_as_asked_and_finds_the_best(storage: str) -> None:
    result = study(storage, 8)
    assert result.trials["state"].tolist() == ["complete"] * 8
    assert result.best_value == result.trials["value"].min()
    best = result.trials.set_index("number").loc[result.best_number]
    assert result.best.model.widen_factor == best["model.widen_factor"]
    assert result.best_value == pytest.approx(final_error(result.best))


def test_study_ends_early_where_the_target_is_reached(storage: str) -> None:
    aim = study(storage, 40, name="all").best_value + 1.0
    result = run_study(
        experiment(), train, storage=storage, study_name="s", trials=40, target=aim
    )
    values = result.trials.sort_values("number")["value"].tolist()
    assert len(values) < 40
    assert values[-1] <= aim < min(values[:-1], default=math.inf)
    # The same command finds that it is enough already.
    again = run_study(
        experiment(), train, storage=storage, study_name="s", trials=40, target=aim
    )
    assert len(again.trials) == len(values)


def test_no_trial_begins_after_the_time_limit_and_later_calls_go_on(
    storage: str,
) -> None:
    def slow(settings: Experiment, listener: EpochListener) -> None:
        time.sleep(0.5)
        train(settings, listener)

    limited = run_study(
        experiment(), slow, storage=storage, study_name="s", time_limit=0.2 / 60
    )
    assert limited.trials["state"].tolist() == ["complete"]
    assert len(study(storage, 3).trials) == 3


@pytest.mark.parametrize("limit", [{"time_limit": 0.0}, {"target": -1.0}])
def test_limit_that_is_none_is_refused(storage: str, limit: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        run_study(experiment(), train, storage=storage, study_name="s", **limit)


def test_value_is_the_best_epochs_and_not_the_last_ones(storage: str) -> None:
    result = study(storage, 1)
    # The last epoch is half a year worse than the one before.
    assert result.best_value == pytest.approx(final_error(result.best))
    assert result.best_epoch == 2
    assert result.trials["epochs"].tolist() == [4]


def test_every_value_lies_in_the_space_and_has_the_settings_type(storage: str) -> None:
    seen: list[Experiment] = []

    def watched(settings: Experiment, listener: EpochListener) -> None:
        seen.append(settings)
        train(settings, listener)

    study(storage, 12, watched, experiment(sampler="random"))
    assert {each.model.depth for each in seen} == {10, 16, 22}
    assert all(type(each.model.widen_factor) is int for each in seen)
    assert all(1 <= each.model.widen_factor <= 8 for each in seen)
    rates = [each.optimizer.learning_rate for each in seen]
    assert all(1e-3 <= rate <= 1.0 for rate in rates)
    # Drawn on a log scale, about half lie in the lower half of the decades.
    assert 2 <= sum(rate < 10**-1.5 for rate in rates) <= 10
    assert all(each.loss == Experiment().loss for each in seen)


def test_same_seed_draws_the_same_values_interrupted_or_not(tmp_path: Path) -> None:
    whole = study(f"sqlite:///{tmp_path}/whole.db", 12).trials
    parted = f"sqlite:///{tmp_path}/parted.db"
    study(parted, 5)
    resumed = study(parted, 12).trials
    names = ["model.depth", "model.widen_factor", "optimizer.learning_rate", "value"]
    assert resumed[names].equals(whole[names])
    other = study(f"sqlite:///{tmp_path}/other.db", 3, settings=experiment(seed=1))
    assert other.trials["value"].tolist() != whole["value"].tolist()[:3]


def conditional(sampler: str) -> Experiment:
    """Momentum is drawn for SGD alone, its decay for what decays apart."""
    space = {
        "optimizer.name": ParameterSpace(choices=["sgd", "adamw"]),
        "optimizer.momentum": ParameterSpace(
            low=0.5, high=0.9, step=0.1, when={"optimizer.name": "sgd"}
        ),
        "optimizer.weight_decay": ParameterSpace(
            low=1e-3, high=0.1, log=True, when={"optimizer.name": "adamw"}
        ),
        "optimizer.learning_rate": ParameterSpace(low=1e-3, high=1.0, log=True),
    }
    return experiment(sampler, space=space)


@pytest.mark.parametrize("sampler", ["random", "qmc", "nsga2"])
def test_samplers_by_name_draw_the_same_values_interrupted_or_not(
    tmp_path: Path, sampler: str
) -> None:
    settings = experiment(sampler)
    whole = study(f"sqlite:///{tmp_path}/whole.db", 8, settings=settings).trials
    parted = f"sqlite:///{tmp_path}/parted.db"
    study(parted, 3, settings=settings)
    resumed = study(parted, 8, settings=settings).trials
    names = ["model.depth", "model.widen_factor", "optimizer.learning_rate", "value"]
    assert resumed[names].equals(whole[names])
    assert whole["optimizer.learning_rate"].nunique() == 8


def test_quasi_random_points_fill_the_range_more_evenly_than_chance(
    storage: str,
) -> None:
    rate = {
        "optimizer.learning_rate": ParameterSpace(low=1e-3, high=1.0, log=True),
        "optimizer.momentum": ParameterSpace(low=0.1, high=0.9),
    }
    trials = study(storage, 17, settings=experiment("qmc", space=rate)).trials
    # The first trial tells the space; of a Sobol sequence, the first sixteen points
    # fall one into each sixteenth of any axis.
    placed = (trials["optimizer.momentum"][1:] - 0.1) / 0.8
    assert sorted((placed * 16).astype(int)) == list(range(16))


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc", "nsga2"])
def test_setting_is_drawn_only_where_its_condition_holds(
    tmp_path: Path, sampler: str
) -> None:
    settings, seen = conditional(sampler), list[Experiment]()

    def watched(drawn: Experiment, listener: EpochListener) -> None:
        seen.append(drawn)
        train(drawn, listener)

    result = study(f"sqlite:///{tmp_path}/s.db", 16, watched, settings)
    trials = result.trials.set_index("number")
    by_sgd = trials["optimizer.name"] == "sgd"
    assert 0 < by_sgd.sum() < 16
    assert trials["optimizer.momentum"].notna().equals(by_sgd)
    assert trials["optimizer.weight_decay"].isna().equals(by_sgd)
    # Undrawn, a setting stays as the experiment has it.
    untouched = Experiment().optimizer
    for drawn in seen:
        if drawn.optimizer.name == "sgd":
            assert drawn.optimizer.weight_decay == untouched.weight_decay
            assert round(drawn.optimizer.momentum, 9) in {0.5, 0.6, 0.7, 0.8, 0.9}
        else:
            assert drawn.optimizer.momentum == untouched.momentum
    assert set(result.importances) <= set(result.settings)
    assert json.loads(json.dumps(result.to_dict()))["best_values"] == dict(
        result.best_values
    )
    parted = f"sqlite:///{tmp_path}/parted.db"
    study(parted, 9, settings=settings)
    resumed = study(parted, 16, settings=settings).trials
    assert resumed[list(result.settings)].equals(result.trials[list(result.settings)])


def test_setting_that_no_trial_drew_is_a_column_without_values(storage: str) -> None:
    result = study(storage, 1, settings=conditional("random"))
    by_sgd = result.best_values["optimizer.name"] == "sgd"
    undrawn = "optimizer.weight_decay" if by_sgd else "optimizer.momentum"
    assert undrawn not in result.best_values
    values = result.trials[list(result.settings)]
    assert values.columns[values.isna().all()].tolist() == [undrawn]


def test_space_that_cannot_be_is_refused_before_a_study_is_begun(
    tmp_path: Path,
) -> None:
    space = {"model.depth": ParameterSpace(choices=[10], when={"model.width": 1})}
    with pytest.raises(ConfigError, match=r"depends on model\.width"):
        study(f"sqlite:///{tmp_path}/s.db", 1, settings=experiment(space=space))
    assert not (tmp_path / "s.db").exists()


def test_no_two_trials_start_from_the_same_draw(storage: str) -> None:
    rates = study(storage, 10).trials["optimizer.learning_rate"]
    assert rates.nunique() == 10


def test_settled_study_runs_no_further_trial(storage: str) -> None:
    study(storage, 3)

    def must_not_run(settings: Experiment, listener: EpochListener) -> None:
        raise AssertionError

    assert len(study(storage, 3, must_not_run).trials) == 3


def test_tpe_beats_chance_on_a_smooth_valley(storage: str) -> None:
    guided = study(storage, 30, settings=experiment("tpe"))
    late = guided.trials["value"][-10:].median()
    early = guided.trials["value"][:10].median()
    assert late < early - 0.5


def test_lost_error_is_pruned_with_the_reason(storage: str) -> None:
    def lose_every_second(settings: Experiment, listener: EpochListener) -> None:
        lost = settings.model.widen_factor % 2 == 0
        listener(0, {"val_age_mae": math.nan if lost else 5.0})

    settings = experiment(sampler="random")
    trials = study(storage, 10, lose_every_second, settings).trials
    pruned = trials["state"] == "pruned"
    assert (pruned == (trials["model.widen_factor"] % 2 == 0)).all()
    assert 0 < pruned.sum() < 10
    assert set(trials["reason"][pruned]) == {"val_age_mae became nan in epoch 1"}


def test_diverged_training_is_pruned_with_the_reason(storage: str) -> None:
    class DivergedError(AgeGenderError):
        pass

    def diverge_at_high_rates(settings: Experiment, listener: EpochListener) -> None:
        if settings.optimizer.learning_rate > 0.03:
            raise DivergedError("the loss became nan")
        train(settings, listener)

    settings = experiment(sampler="random")
    trials = study(
        storage, 10, diverge_at_high_rates, settings, hopeless=(DivergedError,)
    ).trials
    pruned = trials["optimizer.learning_rate"] > 0.03
    assert (trials["state"] == "pruned").equals(pruned)
    assert (trials["reason"][pruned] == "the loss became nan").all()


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_hopeless_trials_are_given_up_before_their_last_epoch(
    storage: str, pruner: str
) -> None:
    settings = experiment("random", pruner, epochs=9)
    result = study(storage, 15, settings=settings)
    pruned = result.trials[result.trials["state"] == "pruned"]
    assert len(pruned) > 0
    assert (pruned["epochs"] < 9).all()
    assert pruned["reason"].str.contains("given up after epoch").all()
    assert (result.trials["epochs"][result.trials["state"] == "complete"] == 9).all()
    assert len(result.trials) == 15


def test_no_trial_is_given_up_after_its_last_epoch(storage: str) -> None:
    # In the last epoch all but the first trial turn out bad.
    told = [0]

    def late_disappointment(settings: Experiment, listener: EpochListener) -> None:
        told[0] += 1
        for epoch in range(settings.training.epochs):
            last = epoch + 1 == settings.training.epochs
            listener(epoch, {"val_age_mae": 5.0 + (told[0] if last else 0)})

    settings = experiment("random", "median")
    trials = study(storage, 10, late_disappointment, settings).trials
    assert set(trials["state"]) == {"complete"}


def test_broken_trial_is_failed_and_made_up_for(storage: str) -> None:
    told = [0]

    def break_the_second(settings: Experiment, listener: EpochListener) -> None:
        told[0] += 1
        if told[0] == 2:
            raise MemoryError("no room for the batch")
        train(settings, listener)

    trials = study(storage, 4, break_the_second).trials
    expected = ["complete", "failed", "complete", "complete", "complete"]
    assert trials["state"].tolist() == expected
    assert trials["reason"][1] == "out of memory: MemoryError: no room for the batch"


def test_study_in_which_everything_breaks_ends_with_the_reason(storage: str) -> None:
    def breaks(settings: Experiment, listener: EpochListener) -> None:
        raise OSError("disk full")

    with pytest.raises(SearchError, match=r"last 5 trials broke.*disk full"):
        study(storage, 20, breaks)


def test_training_that_tells_of_no_epoch_is_broken(storage: str) -> None:
    with pytest.raises(SearchError, match="without telling of any epoch"):
        study(storage, 2, lambda *_: None)


def test_study_in_which_all_is_pruned_says_so(storage: str) -> None:
    def lost(settings: Experiment, listener: EpochListener) -> None:
        listener(0, {"val_age_mae": math.inf})

    with pytest.raises(SearchError, match=r"no trial .* was completed.*became inf"):
        study(storage, 3, lost)


def test_wrong_data_ends_the_study_at_once(storage: str) -> None:
    calls: list[Experiment] = []

    def without_data(settings: Experiment, listener: EpochListener) -> None:
        calls.append(settings)
        raise DataError("the store is gone")

    with pytest.raises(DataError, match="the store is gone"):
        study(storage, 6, without_data)
    assert len(calls) == 1


def test_interrupt_ends_the_study_and_it_can_be_gone_on_with(storage: str) -> None:
    told = [0]

    def interrupted(settings: Experiment, listener: EpochListener) -> None:
        told[0] += 1
        if told[0] == 3:
            raise KeyboardInterrupt
        train(settings, listener)

    with pytest.raises(KeyboardInterrupt):
        study(storage, 6, interrupted)
    resumed = study(storage, 6)
    assert resumed.count("complete") == 6
    assert resumed.count("failed") == 1


def test_study_over_other_settings_is_not_gone_on_with(storage: str) -> None:
    study(storage, 1)
    with pytest.raises(ConfigError, match="begun with another training:"):
        study(storage, 2, settings=experiment(epochs=5))
    other_space = {"model.widen_factor": ParameterSpace(low=1, high=4)}
    with pytest.raises(ConfigError, match=r"begun with another search\.space:"):
        study(storage, 2, settings=experiment(space=other_space))


def test_study_over_other_data_is_not_gone_on_with(storage: str) -> None:
    options = {"storage": storage, "study_name": "s", "trials": 1}
    run_study(experiment(), train, data="aaa", **options)
    with pytest.raises(ConfigError, match="another data:"):
        run_study(experiment(), train, data="bbb", **options)


def test_more_trials_another_name_and_pruner_go_on_with_a_study(storage: str) -> None:
    study(storage, 2)
    renamed = replace(experiment(pruner="median"), name="renamed")
    assert len(study(storage, 4, settings=renamed).trials) == 4


def test_each_trial_is_tracked_from_start_to_end(storage: str, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def mixed(settings: Experiment, listener: EpochListener) -> None:
        if settings.model.widen_factor % 2 == 0:
            listener(0, {"val_age_mae": math.nan})
        train(settings, listener)

    result = run_study(
        experiment("random"),
        mixed,
        storage=storage,
        study_name="s",
        trials=8,
        tracker=FileTracker(str(log)),
    )
    assert result.trials["run_id"].tolist() == [f"run-{i}" for i in range(8)]
    ends = [line.split() for line in log.read_text().splitlines() if "end" in line]
    for (number, _, state, value), row in zip(
        ends, result.trials.itertuples(), strict=True
    ):
        assert (int(number), state) == (row.number, row.state)
        assert value == ("none" if state == "pruned" else f"{row.value:.3f}")
    assert result.count("pruned") > 0


def record(
    storage: str,
    begun: list[str],
    settings: Experiment | None = None,
    gone: str = "",
) -> str:
    def begin() -> str:
        time.sleep(0.1)  # Long enough for others to look whether there is one.
        begun.append(f"run-{len(begun)}")
        return begun[-1]

    return study_record(
        settings or experiment(),
        begin,
        lambda run_id: run_id != gone,
        storage=storage,
        study_name="Anna's",
    )


def test_record_of_a_study_is_begun_once_and_is_no_other_studys(
    storage: str, tmp_path: Path
) -> None:
    begun: list[str] = []
    assert [record(storage, begun) for _ in "ab"] == ["run-0", "run-0"]
    assert record(f"sqlite:///{tmp_path}/other.db", begun) == "run-1"
    assert record(storage, begun, gone="run-0") == "run-2"
    assert record(storage, begun) == "run-2"
    with pytest.raises(ConfigError, match="begun with another seed"):
        record(storage, begun, experiment(seed=1))
    assert begun == ["run-0", "run-1", "run-2"]


@pytest.mark.parametrize("kind", ["sqlite:///{}/study.db", "journal:///{}/study.log"])
def test_two_that_begin_a_study_at_once_begin_one_record(
    tmp_path: Path, kind: str
) -> None:
    begun: list[str] = []
    url = kind.format(tmp_path)
    with ThreadPoolExecutor(2) as both:
        told = set(both.map(lambda _: record(url, begun), "ab"))
    assert told == set(begun) == {"run-0"}


def test_space_that_cannot_be_is_recorded_nowhere(storage: str, tmp_path: Path) -> None:
    begun: list[str] = []
    space = {"model.depth": ParameterSpace(choices=[11])}
    with pytest.raises(ConfigError, match="must be 6n"):
        record(storage, begun, experiment(space=space))
    assert not begun
    assert not (tmp_path / "study.db").exists()


def test_result_can_be_written_as_json(storage: str) -> None:
    result = study(storage, 5)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["trials"] == {"complete": 5}
    assert data["best_val_age_mae"] == result.best_value
    assert with_values(experiment(), data["best_values"]) == result.best


def test_study_is_read_without_running_a_trial(storage: str) -> None:
    ran = study(storage, 5)
    read = read_study(experiment(), storage=storage, study_name="s")
    assert read.trials.equals(ran.trials)
    assert read.to_dict() == ran.to_dict()
    with pytest.raises(ConfigError, match=r"t in that storage\. Name one of: s"):
        read_study(experiment(), storage=storage, study_name="t")


def test_importances_name_the_settings_that_matter(storage: str) -> None:
    importances = study(storage, 20, settings=experiment("random")).importances
    assert set(importances) == set(experiment().search.space)
    assert sum(importances.values()) == pytest.approx(1.0)
    assert importances["model.depth"] == min(importances.values())


def test_setting_that_one_trial_alone_did_not_draw_is_no_warning(storage: str) -> None:
    space = {
        "model.widen_factor": ParameterSpace(low=1, high=8),
        "optimizer.name": ParameterSpace(choices=["sgd", "adamw"]),
        "optimizer.momentum": ParameterSpace(
            low=0.1, high=0.9, when={"optimizer.name": "sgd"}
        ),
    }
    result = study(storage, 4, settings=experiment("random", space=space, seed=3))
    assert result.trials["optimizer.momentum"].isna().sum() == 1
    assert "model.widen_factor" in result.importances


def test_optuna_says_nothing_by_itself(
    storage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = optuna.logging.get_verbosity()
    study(storage, 2)
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/folder/study.db",
        "sqlite://",
        "sqlite:///:memory:",
        "nonsense",
        "nodb://host/x",
    ],
)
def test_storage_that_cannot_be_opened_is_one_clear_line(url: str) -> None:
    with pytest.raises(ConfigError, match="cannot open the study's storage") as raised:
        study(url, 1)
    assert "\n" not in str(raised.value)


def test_storage_without_a_study_says_so(storage: str) -> None:
    with pytest.raises(ConfigError, match=r"t in that storage.* holds none"):
        read_study(experiment(), storage=storage, study_name="t")


def test_driver_of_a_storage_that_is_missing_is_to_be_installed() -> None:
    with pytest.raises(ConfigError, match=r"No module named 'pg8000'\. Install it"):
        study("postgresql+pg8000://host/studies", 1)


def test_database_of_runs_is_refused_and_gets_no_tables(storage: str) -> None:
    with closing(sqlite3.connect(make_url(storage).database)) as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        with pytest.raises(ConfigError, match="studies need their own"):
            study(storage, 1)
        tables = database.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("alembic_version",)]


@pytest.mark.parametrize("workers", [1, 2])
def test_storage_that_refuses_is_told_with_its_reason(
    storage: str, workers: int
) -> None:
    study(storage, 1)
    with closing(sqlite3.connect(make_url(storage).database)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON trials "
            "BEGIN SELECT RAISE(ABORT, 'no room.'); END"
        )
    with pytest.raises(SearchError, match=r"not do what it has to: .* no room\. Once"):
        run_study(
            experiment(),
            train,
            storage=storage,
            study_name="s",
            trials=2,
            workers=workers,
        )


def test_no_password_is_shown() -> None:
    with pytest.raises(ConfigError) as raised:
        study("nodb://someone:secret@host/x", 1)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["x" * 513, "two\nlines", "\udcff", "nul\0"])
def test_name_that_no_database_holds_is_refused(storage: str, name: str) -> None:
    with pytest.raises(ConfigError, match="name must be printable and of 512"):
        study(storage, 1, name=name)


def test_workers_must_be_some(storage: str) -> None:
    with pytest.raises(ConfigError, match=r"workers must be at least 1\. Received: 0"):
        run_study(experiment(), train, storage=storage, study_name="s", workers=0)


def test_tracker_hears_of_each_trial_that_is_better_than_all_before(
    storage: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    for wanted in (8, 8):
        result = run_study(
            experiment(sampler="random"),
            train,
            storage=storage,
            study_name="s",
            trials=wanted,
            target=0.01,  # out of reach: the study is looked at after each trial
            tracker=FileTracker(str(log)),
        )
    lines = [line.split() for line in log.read_text().splitlines()]
    told = [int(line[0]) for line in lines if line[1] == "best"]
    values = result.trials["value"]
    risen = [int(n) for n in range(8) if values[n] < values[:n].min() or n == 0]
    # A study gone on with tells of its best once more.
    assert told == [*risen, result.best_number]
