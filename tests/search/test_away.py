"""Studies whose database is restarted, and whose trials know nothing of it."""

import threading
import time
from pathlib import Path

import pytest
from analytic_training import experiment, train_a_while, train_through_a_restart
from cluster import Cluster
from mlflow import MlflowClient

from agegender.search import run_study
from agegender.tracking.runs import tracked_run
from agegender.tracking.store import use_experiment, use_tracking_store
from agegender.tracking.trials import TrialRuns

pytestmark = pytest.mark.slow

AWAY_SECONDS = 10.0


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


@pytest.mark.parametrize("workers", [1, 2])
def test_study_and_its_records_outlast_a_restart_of_their_database(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    storage = cluster.database(f"studies_{workers}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", cluster.database(f"runs_{workers}"))
    uri, experiment_id = use_tracking_store(), use_experiment()
    settings = experiment("random")
    with tracked_run("study") as parent:
        thread = restarted(cluster)
        result = run_study(
            settings,
            train_through_a_restart,
            storage=storage,
            study_name="s",
            trials=4,
            workers=workers,
            tracker=TrialRuns(
                uri, experiment_id, parent.id, tuple(settings.search.space)
            ),
        )
        thread.join()
    assert result.trials["state"].tolist() == ["complete"] * 4
    assert result.trials["epochs"].tolist() == [4] * 4
    runs = MlflowClient().search_runs([experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len(runs) == 5


def test_four_workers_on_postgresql_run_as_many_trials_as_asked(
    cluster: Cluster,
) -> None:
    result = run_study(
        experiment("random"),
        train_a_while,
        storage=cluster.database("four"),
        study_name="s",
        trials=13,
        workers=4,
    )
    assert result.trials["number"].tolist() == list(range(13))
    assert result.trials["state"].tolist() == ["complete"] * 13
