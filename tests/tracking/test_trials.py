"""What a study leaves in MLflow: a run a trial, without noise, the best one marked."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as Recorded
from mlflow.tracking.client import MlflowClient as Client

from agegender.config import Experiment, with_values
from agegender.tracking import trials
from agegender.tracking.refits import network_of_trial
from agegender.tracking.run import Run
from agegender.tracking.runs import tracked_run
from agegender.tracking.store import use_experiment, use_tracking_store
from agegender.tracking.trial_models import holds_model
from agegender.tracking.trials import TrialRuns

pytestmark = pytest.mark.usefixtures("store")

SETTINGS = ("model.depth", "optimizer.learning_rate", "optimizer.name")
MEASURES = {
    "loss": 4.0,
    "age_loss": 3.5,
    "val_loss": 4.5,
    "val_age_mae": 9.0,
    "val_gender_accuracy": 0.8,
    "faces_per_second": 200.0,
}


@pytest.fixture
def runs() -> TrialRuns:
    uri, experiment_id = use_tracking_store(), use_experiment()
    with tracked_run("hunt", tags={"study": "hunt"}) as parent:
        return TrialRuns(uri, experiment_id, parent.id, SETTINGS)


def experiment(depth: int = 16) -> Experiment:
    return with_values(Experiment(), {"model.depth": depth})


def recorded(run_id: str) -> Recorded:
    return MlflowClient().get_run(run_id)


def ours(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in tags.items() if not name.startswith("mlflow.")}


def test_trial_holds_the_searched_settings_under_short_names(runs: TrialRuns) -> None:
    trial = runs.start(3, experiment())

    found = recorded(trial.id)
    assert found.data.params == {
        "depth": "16",
        "learning_rate": str(Experiment().optimizer.learning_rate),
        "optimizer.name": "sgd",
    }
    assert ours(found.data.tags) == {"state": "running", "trial": "3"}
    assert found.info.run_name == "trial 3"
    assert found.data.tags["mlflow.parentRunId"] == runs.parent


def test_trial_holds_a_few_curves_and_its_best_error(runs: TrialRuns) -> None:
    trial = runs.start(0, experiment())
    for epoch in range(3):
        trial.epoch(epoch, {**MEASURES, "val_age_mae": 9.0 - epoch})
    trial.end("complete", 7.0, "")

    found = recorded(trial.id)
    assert found.info.status == "FINISHED"
    assert set(found.data.metrics) == {
        *("loss", "val_loss", "val_age_mae", "val_gender_accuracy"),
        "best_val_age_mae",
    }
    curve = MlflowClient().get_metric_history(trial.id, "val_age_mae")
    told = sorted((point.step, point.value) for point in curve)
    assert told == [(0, 9.0), (1, 8.0), (2, 7.0)]


@pytest.mark.parametrize(("pause", "calls"), [(0.0, 3), (3600.0, 0)])
def test_epochs_are_sent_one_by_one_unless_they_are_quick(
    runs: TrialRuns, monkeypatch: pytest.MonkeyPatch, pause: float, calls: int
) -> None:
    monkeypatch.setattr(trials, "SENDS_EVERY_S", pause)
    trial = runs.start(0, experiment())
    made: list[object] = []
    log_batch = Client.log_batch
    monkeypatch.setattr(
        Client, "log_batch", lambda *a, **k: made.append(k) or log_batch(*a, **k)
    )
    for epoch in range(3):
        trial.epoch(epoch, MEASURES)
    assert len(made) == calls
    trial.end("complete", 9.0, "")
    assert len(made) == calls + 1
    assert len(MlflowClient().get_metric_history(trial.id, "loss")) == 3


@pytest.mark.parametrize(
    ("state", "status"),
    [("pruned", "FINISHED"), ("failed", "FAILED"), ("interrupted", "KILLED")],
)
def test_trial_tells_how_and_why_it_ended(
    runs: TrialRuns, state: str, status: str
) -> None:
    trial = runs.start(0, experiment())
    trial.end(state, None, "not promising")

    found = recorded(trial.id)
    assert found.info.status == status
    assert ours(found.data.tags) == {
        "state": state,
        "reason": "not promising",
        "trial": "0",
    }


def test_mark_of_the_best_moves_and_is_never_on_two(runs: TrialRuns) -> None:
    opened = [runs.start(number, experiment()) for number in range(3)]
    for best in (0, 2, 2, 1, 2):
        runs.best(opened[best].attributes)
        found = [recorded(trial.id) for trial in opened]
        marked = [one.data.tags.get("best") for one in found]
        assert marked == ["true" if n == best else None for n in range(3)]
        names = [one.info.run_name for one in found]
        ends = [" (best)" if n == best else "" for n in range(3)]
        assert names == [f"trial {n}{end}" for n, end in enumerate(ends)]


def test_best_trial_whose_run_was_deleted_is_told_and_holds_no_network(
    runs: TrialRuns, caplog: pytest.LogCaptureFixture
) -> None:
    first, best = (runs.start(number, experiment()) for number in range(2))
    best.keep(write)
    assert holds_model(best.id)
    runs.best(first.attributes)
    MlflowClient().delete_run(best.id)

    runs.best(best.attributes)

    assert f"the best trial's run is gone, and is not marked: {best.id}" in caplog.text
    assert "best" not in recorded(first.id).data.tags
    assert not holds_model(best.id)


def write(folder: Path) -> None:
    (folder / "model.onnx").write_text("network")


@contextmanager
def away(store: Path) -> Iterator[None]:
    """Take the table of runs away, and put it back in a moment."""
    file = store / "mlruns" / "mlflow.db"
    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    database.execute("ALTER TABLE runs RENAME TO gone")
    back = threading.Timer(0.2, database.execute, ["ALTER TABLE gone RENAME TO runs"])
    back.start()
    yield
    back.join()
    database.close()


def test_database_that_is_away_for_a_moment_is_waited_for(
    store: Path, runs: TrialRuns
) -> None:
    trial = runs.start(0, experiment())
    found = Run(runs.parent, runs.experiment_id, "hunt")
    for do in (
        lambda: trial.keep(write),
        runs.models,
        lambda: holds_model(trial.id),
        lambda: found.log_text("found", "study.html"),
        lambda: found.log_metrics({"best_val_age_mae": 5.0}),
        lambda: runs.drop_model(trial.attributes),
    ):
        with away(store):
            do()
    assert not holds_model(trial.id)


def test_end_of_a_run_is_waited_for_where_the_database_is_away(store: Path) -> None:
    with ExitStack() as back, tracked_run("hunt") as run:
        back.enter_context(away(store))
    assert recorded(run.id).info.status == "FINISHED"


def test_network_whose_files_were_removed_by_hand_is_not_held(runs: TrialRuns) -> None:
    trial = runs.start(0, experiment())
    trial.keep(write)
    folder = recorded(trial.id).info.artifact_uri.removeprefix("file://")
    shutil.rmtree(Path(folder) / "model")
    assert not holds_model(trial.id)
    with network_of_trial(trial.id, "model.onnx") as file:
        assert file is None


def test_mark_of_another_study_stays(runs: TrialRuns) -> None:
    with tracked_run("other") as parent:
        pass
    other = TrialRuns(runs.tracking_uri, runs.experiment_id, parent.id, SETTINGS)
    theirs, mine = other.start(0, experiment()), runs.start(0, experiment())
    other.best(theirs.attributes)
    runs.best(mine.attributes)
    assert recorded(theirs.id).data.tags["best"] == "true"
    assert recorded(mine.id).data.tags["best"] == "true"


def test_trial_that_was_not_tracked_is_best_without_a_mark(runs: TrialRuns) -> None:
    mine = runs.start(0, experiment())
    runs.best({"reason": "none"})
    assert "best" not in recorded(mine.id).data.tags


def test_description_is_what_mlflow_shows_above_a_run() -> None:
    with tracked_run("hunt") as run:
        run.describe("two trials\n\nSee `study.html`.")
    note = recorded(run.id).data.tags["mlflow.note.content"]
    assert note == "two trials\n\nSee `study.html`."


def test_run_of_a_trial_that_is_over_is_closed_and_no_other(runs: TrialRuns) -> None:
    opened = [runs.start(number, experiment()) for number in range(3)]
    opened[0].end("complete", 7.0, "")

    runs.close_orphans(lambda: {2})

    found = [recorded(trial.id) for trial in opened]
    assert [one.info.status for one in found] == ["FINISHED", "KILLED", "RUNNING"]
    assert [one.data.tags["state"] for one in found] == [
        "complete",
        "killed",
        "running",
    ]


def test_run_of_a_trial_that_ends_meanwhile_is_not_taken_for_killed(
    runs: TrialRuns,
) -> None:
    trial = runs.start(0, experiment())

    def running() -> set[int]:
        trial.end("complete", 7.0, "")
        return set()

    runs.close_orphans(running)

    found = recorded(trial.id)
    assert (found.info.status, found.data.tags["state"]) == ("FINISHED", "complete")
