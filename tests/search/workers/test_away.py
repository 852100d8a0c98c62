"""Studies whose database is restarted, and whose trials know nothing of it."""

import contextlib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import mlflow
import pytest
from analytic_training import experiment, train_a_while, train_through_a_restart
from cluster import Cluster
from mlflow import MlflowClient

from agegender.search import StudyResult, run_study
from agegender.tracking.runs import tracked_run
from agegender.tracking.store import use_experiment, use_tracking_store
from agegender.tracking.trials import TrialRuns

pytestmark = pytest.mark.slow

AWAY_SECONDS = 10.0

Serve = Callable[..., AbstractContextManager[str]]


def restarted(cluster: Cluster) -> threading.Thread:
    """Stop the server as soon as a trial is under way, and start it again."""

    def restart() -> None:
        while not Path("under way").exists():
            time.sleep(0.05)
        cluster.stop()
        time.sleep(AWAY_SECONDS)
        cluster.start()

    thread = threading.Thread(target=restart)
    thread.start()
    return thread


def search_of_four(
    storage: str, workers: int, tracked: tuple[str, str, str]
) -> StudyResult:
    """Run four trials, recorded as (tracking URI, experiment's id, parent run's id)."""
    settings = experiment("random")
    return run_study(
        settings,
        train_through_a_restart,
        storage=storage,
        study_name="s",
        trials=4,
        workers=workers,
        tracker=TrialRuns(*tracked, tuple(settings.search.space)),
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_study_and_its_records_outlast_a_restart_of_their_database(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    storage = cluster.database(f"studies_{workers}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", cluster.database(f"runs_{workers}"))
    uri, experiment_id = use_tracking_store(), use_experiment()
    with tracked_run("study") as parent:
        thread = restarted(cluster)
        tracked = (uri, experiment_id, parent.id)
        result = search_of_four(storage, workers, tracked)
        thread.join()
    assert result.trials["state"].tolist() == ["complete"] * 4
    assert result.trials["epochs"].tolist() == [4] * 4
    runs = MlflowClient().search_runs([experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 5
    assert sum(run.data.tags.get("model") == "kept" for run in runs) == 3


@pytest.mark.parametrize("workers", [1, 2])
def test_trials_outlast_a_restart_of_their_tracking_server(
    serve: Serve, tmp_path: Path, workers: int
) -> None:
    command = ["server", "--backend-store-uri", f"sqlite:///{tmp_path}/server.db"]
    with contextlib.ExitStack() as served:
        uri = served.enter_context(serve(command, "/health", tmp_path))
        mlflow.set_tracking_uri(uri)
        experiment_id = use_experiment()

        def restart() -> None:
            while not Path("under way").exists():
                time.sleep(0.05)
            served.close()
            time.sleep(AWAY_SECONDS)
            port = int(uri.rpartition(":")[2])
            served.enter_context(serve(command, "/health", tmp_path, port))

        with tracked_run("study") as parent:
            thread = threading.Thread(target=restart)
            thread.start()
            tracked = (uri, experiment_id, parent.id)
            result = search_of_four(f"sqlite:///{tmp_path}/study.db", workers, tracked)
            thread.join()
        runs = MlflowClient(uri).search_runs([experiment_id])
    assert result.trials["state"].tolist() == ["complete"] * 4
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 5
    assert sum(run.data.tags.get("model") == "kept" for run in runs) == 3


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_four_workers_run_as_many_trials_as_asked(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    storage = f"sqlite:///{tmp_path}/four.db"
    if kind == "postgresql":
        storage = request.getfixturevalue("cluster").database("four")
    result = run_study(
        experiment("random"),
        train_a_while,
        storage=storage,
        study_name="s",
        trials=13,
        workers=4,
    )
    assert result.trials["number"].tolist() == list(range(13))
    assert result.trials["state"].tolist() == ["complete"] * 13
