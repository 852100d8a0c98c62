"""Training and searching from a model that is there already, as a person does it."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import mlflow
import pytest

from agegender import cli, steps
from agegender.config import (
    Experiment,
    ModelConfig,
    ParameterSpace,
    SearchConfig,
    TrainingConfig,
    with_values,
)
from agegender.errors import ConfigError, ModelError
from agegender.model.formats import note_in
from agegender.model.network import Network
from agegender.tracking.registry import download_keras, download_network
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import Version, resolve

CHALLENGER = "models:/agegender@challenger"
RATE = "optimizer.learning_rate"
TINY = Experiment(
    name="tiny",
    model=ModelConfig(depth=10, widen_factor=1),
    training=TrainingConfig(epochs=1, batch_size=32, precision="float32"),
    search=SearchConfig(
        trials=2,
        space={RATE: ParameterSpace(low=0.001, high=0.01, log=True)},
        pruner="none",
        keep=1,
    ),
)
FROM = replace(TINY, training=replace(TINY.training, start_from=CHALLENGER))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two stores, of other people, and a version of the first."""
    folder = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.chdir(folder)
        for seed in (3, 4):
            drawn = steps.sample(f"drawn{seed}", faces=160, seed=seed).data
            steps.prep("wiki", out=f"store{seed}", archive=drawn["archive"], size=16)
        steps.train("store3", with_values(TINY, {"training.epochs": 3}))
    return folder


@pytest.fixture
def stores(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return both stores, the version being registered in a copy of its own."""
    shutil.copy(begun / "mlflow.db", tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    use_tracking_store()  # Before the steps do: tests ask the registry, too.
    return [str(begun / "store3"), str(begun / "store4")]


def metadata(version: Version) -> dict[str, Any]:
    return Network.load(download_network(version)).metadata


def test_version_says_what_it_started_from_and_who_was_learnt_before(
    stores: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = resolve(CHALLENGER)
    settings = tmp_path / "experiment.yaml"
    settings.write_text(json.dumps(FROM.to_dict()))
    command = ["train", "--store", stores[1], "--experiment", str(settings)]
    caplog.clear()
    assert cli.main(command) == 0

    second = resolve(CHALLENGER)
    assert (first.number, second.number) == (1, 2)
    before, now = metadata(first), metadata(second)
    assert f"; before that, as {first.uri}, {before['trained_on']}" in now["trained_on"]
    assert len(now["started_from"]) == 64
    # The alias has moved on; what was meant by it has not.
    params = mlflow.get_run(str(second.run_id)).data.params
    assert params["training.start_from"] == first.uri
    assert (
        first.uri
        in mlflow.MlflowClient().get_model_version("agegender", "2").description
    )
    told = [record.getMessage() for record in caplog.records]
    assert any(f"starts from {first.uri}; figures measured on" in line for line in told)


def test_version_says_who_taught_it_and_what_they_had_learnt(
    stores: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    teacher = resolve(CHALLENGER)
    file = Path("other.onnx")
    file.write_bytes(download_network(teacher).read_bytes())
    named = {"training.teachers": f"{CHALLENGER}, {file}"}
    caplog.clear()
    steps.train(stores[1], with_values(TINY, named))

    pupil = resolve(CHALLENGER)
    notes = metadata(pupil)
    before = metadata(teacher)["trained_on"]
    told = f"; taught by {teacher.uri}, {file}, which learnt from {before}"
    assert told in notes["trained_on"]
    digests = notes["taught_by"].split(", ")
    assert [len(one) for one in digests] == [64, 64]
    assert "started_from" not in notes
    params = mlflow.get_run(str(pupil.run_id)).data.params
    assert params["training.teachers"] == f"{teacher.uri}, {file}"
    warned = [record.getMessage() for record in caplog.records]
    assert any(f"training learns from {teacher.uri}; figures" in one for one in warned)


def other_cut(ending: Literal["onnx", "keras"], folder: Path) -> Path:
    """Return a file of the version, which says that it saw less of each photo."""
    version = resolve(CHALLENGER)
    network = download_network(version)
    rule = asdict(replace(Network.load(network).crop_rule, margin=0.1))
    kept = network if ending == "onnx" else download_keras(version)
    file = folder / f"other.{ending}"
    shutil.copy(str(kept), file)
    note_in(file, ending, {"crop_rule": json.dumps(rule)})
    return file


@pytest.mark.parametrize("ending", ["onnx", "keras"])
def test_teacher_of_faces_cut_otherwise_is_refused(
    stores: list[str], ending: Literal["onnx", "keras"], tmp_path: Path
) -> None:
    named = {"training.teachers": f"{CHALLENGER}, {other_cut(ending, tmp_path)}"}
    words = rf"other\.{ending} learnt from faces cut by margin 0\.1, .* margin 0\.4, "
    with pytest.raises(ConfigError, match=words):
        steps.train(stores[0], with_values(TINY, named), dry_run=True)


def test_start_from_faces_cut_otherwise_is_told(
    stores: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = other_cut("onnx", tmp_path)
    named = {"training.start_from": str(file)}
    caplog.clear()
    steps.train(stores[0], with_values(TINY, named), dry_run=True)
    assert f"starts from {file}, which knows faces cut by" in caplog.text


def test_same_store_is_split_the_same_way_and_nothing_is_told(
    stores: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    steps.train(stores[0], FROM)
    assert "starts from" not in caplog.text


def test_training_that_starts_from_a_version_goes_on_as_one_undisturbed(
    stores: list[str],
) -> None:
    longer = with_values(FROM, {"training.epochs": 3, "training.ema": 0.5})

    def interrupting(done: int, total: int, what: str) -> None:
        if done == total - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.train(stores[1], longer, progress=interrupting)
    stopped = steps.train(stores[1], longer).data
    named = with_values(longer, {"training.start_from": "models:/agegender/1"})
    whole = steps.train(stores[1], named, resume=False).data
    assert stopped["run_id"] != whole["run_id"]
    assert stopped["val_age_mae"] == whole["val_age_mae"]
    assert stopped["best_epoch"] == whole["best_epoch"]


def test_other_teachers_are_another_training(stores: list[str], tmp_path: Path) -> None:
    file = tmp_path / "teacher.onnx"
    file.write_bytes(download_network(resolve(CHALLENGER)).read_bytes())
    named = with_values(TINY, {"training.teachers": str(file), "training.epochs": 2})

    def interrupting(done: int, total: int, what: str) -> None:
        if done == total - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.train(stores[0], named, progress=interrupting)
    (left,) = Path("mlruns/checkpoints").glob("*/state.npz")
    started = steps.train(stores[0], with_values(TINY, {"training.epochs": 2})).data
    file.write_bytes(download_network(resolve(CHALLENGER)).read_bytes())
    steps.train(stores[0], named)
    assert left.exists()
    assert started["run_id"] != (left.parent / "run.txt").read_text()


@pytest.mark.parametrize("ending", ["onnx", "keras"])
def test_file_will_do(stores: list[str], ending: str, tmp_path: Path) -> None:
    version = resolve(CHALLENGER)
    kept = download_network(version) if ending == "onnx" else download_keras(version)
    assert kept is not None
    file = tmp_path / f"mine.{ending}"
    file.write_bytes(kept.read_bytes())
    named = with_values(TINY, {"training.start_from": str(file)})
    assert steps.train(stores[0], named, dry_run=True).data["heads_learnt_anew"] == []


def test_dry_run_tells_whether_a_model_will_do(stores: list[str]) -> None:
    from_starter = {"training.start_from": "starter", "model.widen_factor": 2}
    fits = {"model.depth": 16, "model.patch_size": 2}
    plan = steps.train(
        stores[0], with_values(TINY, from_starter | fits), dry_run=True
    ).data
    assert plan["heads_learnt_anew"] == []
    with pytest.raises(ConfigError, match=r"starter has model\.depth 16"):
        steps.train(stores[0], with_values(TINY, from_starter), dry_run=True)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("models:/agegender@champion", "no champion yet"),
        ("missing.onnx", "no network at missing.onnx"),
        ("missing.keras", "no network at missing.keras"),
    ],
)
@pytest.mark.parametrize("setting", ["training.start_from", "training.teachers"])
def test_model_that_is_not_there_is_told_before_anything_begins(
    stores: list[str], setting: str, model: str, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        steps.train(stores[0], with_values(TINY, {setting: model}))
    assert not Path("mlruns/checkpoints").exists()


@pytest.mark.parametrize("step", [steps.train, steps.search])
def test_model_of_another_shape_is_refused_before_anything_begins(
    stores: list[str], step: Any
) -> None:
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    with pytest.raises(ConfigError, match=r"starter has model\.depth 16"):
        step(stores[0], with_values(TINY, {"training.start_from": "starter"}))
    left = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert len(left) == len(runs)
    assert not list(Path("mlruns").glob("checkpoints/*"))


def test_every_trial_and_the_refit_start_from_the_model(stores: list[str]) -> None:
    first = resolve(CHALLENGER)
    # At such a rate nothing is learnt: what is answered was known before.
    space = {RATE: ParameterSpace(choices=[1e-9, 2e-9])}
    search = replace(TINY.search, space=space)
    found = steps.search(
        stores[0], replace(FROM, search=search), workers=2, refit=True
    ).data
    refitted = resolve(CHALLENGER)
    assert refitted.number == found["refit"]["version"]
    assert f"as {first.uri}, " in metadata(refitted)["trained_on"]
    drawn = steps.search(stores[0], replace(TINY, search=search), study="drawn").data
    known = mlflow.get_run(str(first.run_id)).data.metrics["val_age_mae"]
    near, far = (abs(one["best_val_age_mae"] - known) for one in (found, drawn))
    assert near < 0.5 * far


@pytest.mark.parametrize(
    ("varied", "words"),
    [
        ("model.depth", "Received: model.depth"),
        ("training.start_from", "cannot vary training.start_from"),
        ("training.teachers", "cannot vary training.teachers"),
    ],
)
def test_space_that_a_model_cannot_fit_is_refused(
    stores: list[str], varied: str, words: str
) -> None:
    choices: list[Any] = [10, 16] if varied == "model.depth" else ["", "starter"]
    search = replace(TINY.search, space={varied: ParameterSpace(choices=choices)})
    from_starter = with_values(FROM, {"training.start_from": "starter"})
    with pytest.raises(ConfigError, match=words):
        steps.search(stores[0], replace(from_starter, search=search))
