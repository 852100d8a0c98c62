"""Networks are kept of the best trials, and of no others."""

from dataclasses import dataclass, replace
from pathlib import Path

import optuna
import pytest
from analytic_training import (
    FileRecord,
    FileTracker,
    experiment,
    train,
    train_and_write_process,
    width,
)

from agegender.config import Experiment, SearchConfig
from agegender.errors import ConfigError
from agegender.search import StudyResult, run_study
from agegender.search.models import drop_others
from agegender.search.trial import EpochListener, Silent, State, TrialRecord


def kept(folder: Path) -> dict[int, float]:
    """Return the trials whose networks are there, with the errors of these."""
    files = folder.glob("model-*/network.txt")
    return {int(file.parent.name[6:]): float(file.read_text()) for file in files}


def best(result: StudyResult, keep: int) -> dict[int, float]:
    complete = result.trials[result.trials["state"] == "complete"]
    return dict(complete.nsmallest(keep, "value")[["number", "value"]].to_numpy())


def settings(keep: int, cost: str = "none") -> Experiment:
    base = experiment("random", cost=cost)
    return replace(base, search=replace(base.search, keep=keep))


@pytest.mark.parametrize("keep", [1, 3])
def test_best_trials_keep_their_networks_and_the_others_lose_them(
    storage: str, tmp_path: Path, keep: int
) -> None:
    most = [0]

    def watched(drawn: Experiment, listener: EpochListener) -> object:
        most[0] = max(most[0], len(kept(tmp_path)))
        return train(drawn, listener)

    result = run_study(
        settings(keep),
        watched,  # type: ignore[arg-type]
        storage=storage,
        study_name="s",
        trials=9,
        tracker=FileTracker(str(tmp_path / "log")),
    )
    assert kept(tmp_path) == pytest.approx(best(result, keep))
    assert most[0] == keep


def test_several_workers_keep_the_best_of_all(storage: str, tmp_path: Path) -> None:
    result = run_study(
        settings(2),
        train_and_write_process,
        storage=storage,
        study_name="s",
        trials=8,
        tracker=FileTracker(str(tmp_path / "log")),
        workers=2,
    )
    assert kept(tmp_path) == pytest.approx(best(result, 2))


def test_whole_front_is_kept_where_a_cost_is_weighed(
    storage: str, tmp_path: Path
) -> None:
    result = run_study(
        settings(1, "parameters"),
        train,
        storage=storage,
        study_name="s",
        trials=10,
        tracker=FileTracker(str(tmp_path / "log")),
        cost=width,
    )
    assert len(result.front) > 1
    assert kept(tmp_path) == pytest.approx(
        {one.number: one.error for one in result.front}
    )


@dataclass(frozen=True)
class DyingTracker(FileTracker):
    """Is interrupted once a network is kept, and the trial not yet complete."""

    def start(self, number: int, experiment: Experiment) -> TrialRecord:
        return DyingRecord(self.path, number, experiment.model.widen_factor)


@dataclass(frozen=True)
class DyingRecord(FileRecord):
    def end(self, state: State, value: float | None, reason: str) -> None:
        del state, value, reason
        raise KeyboardInterrupt


def test_network_of_a_trial_that_never_became_complete_is_removed(
    storage: str, tmp_path: Path
) -> None:
    log = str(tmp_path / "log")
    with pytest.raises(KeyboardInterrupt):
        run_study(
            settings(9),
            train,
            storage=storage,
            study_name="s",
            trials=1,
            tracker=DyingTracker(log),
        )
    assert set(kept(tmp_path)) == {0}
    result = run_study(
        settings(9),
        train,
        storage=storage,
        study_name="s",
        trials=2,
        tracker=FileTracker(log),
    )
    assert result.trials["state"].tolist() == ["failed", "complete", "complete"]
    assert set(kept(tmp_path)) == {1, 2}


def test_network_of_a_trial_that_still_runs_elsewhere_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped: list[object] = []
    shelf, study = Silent(), optuna.create_study()
    trial = study.ask()
    trial.set_user_attr("run_id", "run-0")
    monkeypatch.setattr(shelf, "models", lambda: [{"run_id": "run-0"}])
    monkeypatch.setattr(shelf, "drop_model", dropped.append)
    drop_others(study, SearchConfig(), shelf)
    assert dropped == []
    study.tell(trial, state=optuna.trial.TrialState.FAIL)
    drop_others(study, SearchConfig(), shelf)
    assert dropped == [{"run_id": "run-0"}]


def test_no_network_to_keep_is_none_too_few() -> None:
    with pytest.raises(ConfigError, match=r"search\.keep must be at least 1"):
        SearchConfig(keep=0)
