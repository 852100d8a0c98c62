from pathlib import Path

import pytest
from matplotlib.figure import Figure
from mlflow import MlflowClient
from mlflow.entities import Run as Recorded
from mlflow.tracking.client import MlflowClient as Client

from agegender.config import Experiment, ModelConfig
from agegender.errors import ModelError
from agegender.tracking.run import flatten
from agegender.tracking.runs import reopened_run, tracked_run

pytestmark = pytest.mark.usefixtures("store")


def recorded(run_id: str) -> Recorded:
    return MlflowClient().get_run(run_id)


def test_run_that_ended_well_is_finished() -> None:
    with tracked_run("good", {"step": "train"}) as run:
        pass

    found = recorded(run.id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "good"
    assert found.data.tags["step"] == "train"


def test_run_that_raised_is_failed() -> None:
    with pytest.raises(ZeroDivisionError), tracked_run("bad") as run:
        _ = 1 / 0

    assert recorded(run.id).info.status == "FAILED"


def test_run_that_was_interrupted_is_killed() -> None:
    with pytest.raises(KeyboardInterrupt), tracked_run("long") as run:
        raise KeyboardInterrupt

    assert recorded(run.id).info.status == "KILLED"


def test_run_within_another_ends_alone_and_is_shown_under_it() -> None:
    with (
        tracked_run("study") as study,
        pytest.raises(ZeroDivisionError),
        tracked_run("trial 0", parent=study.id) as trial,
    ):
        _ = 1 / 0

    found = recorded(trial.id)
    assert found.info.status == "FAILED"
    assert found.data.tags["mlflow.parentRunId"] == study.id
    assert recorded(study.id).info.status == "FINISHED"


def test_trial_finds_its_study_from_another_process() -> None:
    with tracked_run("study") as study:
        pass

    with tracked_run("trial 0", parent=study.id) as trial:
        pass

    assert recorded(trial.id).data.tags["mlflow.parentRunId"] == study.id


def test_first_run_inside_mlflow_run_is_the_one_that_mlflow_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = MlflowClient().create_run("0")
    monkeypatch.setenv("MLFLOW_RUN_ID", begun.info.run_id)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")

    with tracked_run("first") as first:
        pass
    with tracked_run("second") as second:
        pass

    assert first.id == begun.info.run_id
    assert recorded(first.id).info.run_name == "first"
    assert second.id != first.id
    assert second.experiment_id == "0"


def test_run_that_ended_takes_more_and_keeps_its_state() -> None:
    with pytest.raises(ZeroDivisionError), tracked_run("bad") as run:
        _ = 1 / 0
    ended = recorded(run.id).info.end_time

    with reopened_run(run.id) as again:
        again.log_metrics({"test_mean_absolute_error": 5.0})

    found = recorded(run.id)
    assert found.data.metrics == {"test_mean_absolute_error": 5.0}
    assert (found.info.status, found.info.end_time) == ("FAILED", ended)


def test_run_of_another_store_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)

    with (
        pytest.raises(ModelError, match=f"could not open run {'0' * 32}") as no,
        tracked_run("lost"),
    ):
        pass

    assert "\n" not in str(no.value)


def test_option_as_typed_at_mlflow_run_is_not_recorded_again() -> None:
    with tracked_run("typed") as run:
        run.log_params({"optimizer": {"learning_rate": "1e-3"}})
        run.log_params({"optimizer": {"learning_rate": 0.001, "momentum": 0.9}})

    assert recorded(run.id).data.params == {
        "optimizer.learning_rate": "1e-3",
        "optimizer.momentum": "0.9",
    }


def test_experiment_is_recorded_without_noise_and_kept_whole() -> None:
    with tracked_run("wide") as run:
        run.log_experiment(Experiment(model=ModelConfig(depth=10)))

    params = recorded(run.id).data.params
    assert params["model.depth"] == "10"
    assert not [name for name in params if name.startswith("search.")]
    whole = Path(MlflowClient().download_artifacts(run.id, "experiment.yaml"))
    assert "sampler: tpe" in whole.read_text()


def test_flat_names_are_dotted_and_unset_values_left_out() -> None:
    assert flatten({"a": {"b": 1, "c": None}, "d": [1, 2]}) == {
        "a.b": "1",
        "d": "[1, 2]",
    }


def test_an_epoch_is_one_call_with_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    log_batch = Client.log_batch
    monkeypatch.setattr(
        Client, "log_batch", lambda *a, **k: calls.append(k) or log_batch(*a, **k)
    )
    with tracked_run("curves") as run:
        listen = run.epoch_listener()
        calls.clear()
        listen(0, {"loss": 3.0, "val_age_mae": 9.0})
        listen(1, {"loss": 2.0, "val_age_mae": float("nan")})
        assert len(calls) == 2

    history = MlflowClient().get_metric_history(run.id, "loss")
    assert [(point.step, point.value) for point in history] == [(0, 3.0), (1, 2.0)]


def test_data_sets_are_named_by_split_with_their_hash_and_place(tmp_path: Path) -> None:
    with tracked_run("data") as run:
        run.log_dataset("wiki/train", "ab" * 32, tmp_path, "training", 90)
        run.log_dataset("wiki/test", "cd" * 32, tmp_path, "test", 10)

    inputs = {
        entry.tags[0].value: entry.dataset
        for entry in recorded(run.id).inputs.dataset_inputs
    }
    assert inputs["training"].name == "wiki/train"
    assert inputs["training"].digest == ("ab" * 32)[:12]
    assert tmp_path.as_posix() in inputs["test"].source
    assert inputs["test"].profile == '{"num_rows": 10}'


def test_figures_texts_and_files_are_kept(tmp_path: Path) -> None:
    figure = Figure()
    figure.subplots().plot([3, 2, 1])
    (tmp_path / "summary.txt").write_text("layers")
    with tracked_run("files") as run:
        run.log_figure(figure, "figures/curves.png")
        run.log_text("hello", "notes/hello.txt")
        run.log_dict({"mae": 5.0}, "report.json")
        run.log_file(tmp_path / "summary.txt", "model")

    client = MlflowClient()
    kept = {
        item.path
        for folder in ("", "figures", "notes", "model")
        for item in client.list_artifacts(run.id, folder)
        if not item.is_dir
    }
    assert kept == {
        "figures/curves.png",
        "notes/hello.txt",
        "report.json",
        "model/summary.txt",
    }
