"""The road on faces whose gender nobody told, as in APPA-REAL."""

import io
import json
import tarfile
from pathlib import Path

import mlflow
import numpy as np
import pytest
from PIL import Image
from promoting import promote_alias

from agegender import steps
from agegender.config import Experiment, FilterRules, ModelConfig, TrainingConfig
from agegender.errors import GateRefusedError
from agegender.tracking import registry
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import Version, resolve

TINY = Experiment(
    name="tiny",
    model=ModelConfig(depth=10, widen_factor=1),
    training=TrainingConfig(epochs=1, batch_size=16, precision="float32"),
)


def appa_real(path: Path, faces: int = 60) -> Path:
    """Pack faces of noise with apparent and real ages, and no genders."""
    head = "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
    lines = [f"{n:06d}.jpg,38,{n + 10}.5,4.25,{n + 9}\n" for n in range(faces)]
    files = {"gt_avg_train.csv": (head + "".join(lines)).encode()}
    for n in range(faces):
        noise = np.random.default_rng(n).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        photo = io.BytesIO()
        Image.fromarray(noise).resize((40, 40)).save(photo, "JPEG")
        files[f"train/{n:06d}.jpg_face.jpg"] = photo.getvalue()
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"appa-real-release/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train once on such a store, in a tracking store beside it."""
    folder = tmp_path_factory.mktemp("appa")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.chdir(folder)
        steps.prep(
            "appa-real",
            out="store",
            archive=str(appa_real(folder / "appa.tar")),
            size=16,
            rules=FilterRules(allow_unknown_gender=True),
        )
        trained = steps.train("store", experiment=TINY)
        assert "val_gender_accuracy" not in trained.data
        assert "gender was not measured" in trained.text
    return folder / "store"


@pytest.fixture(autouse=True)
def tracked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store.parent}/mlflow.db")
    use_tracking_store()


def test_evaluation_answers_ages_and_says_why_not_genders(store: Path) -> None:
    registry.tag_version(_challenger(), {"test_gender": "0.970 [0.960, 0.980]"})

    outcome = steps.evaluate("models:/agegender@challenger", str(store))

    data = json.loads(json.dumps(outcome.data, allow_nan=False))
    assert set(data["metrics"]) == {
        *("mean_absolute_error", "median_absolute_error"),
        *("root_mean_squared_error", "age_bias"),
        *("cs_at_5", "age_nll"),
    }
    assert "no face's gender is known" in outcome.text
    version = _challenger()
    assert version.tags["test_gender"] == "not measured"
    run = mlflow.get_run(version.run_id)
    mae = data["metrics"]["mean_absolute_error"]["value"]
    assert run.data.metrics["test_mean_absolute_error"] == pytest.approx(mae)
    assert not [name for name in run.data.metrics if "gender" in name]
    client = mlflow.MlflowClient()
    kept = {file.path for file in client.list_artifacts(run.info.run_id, "evaluation")}
    assert {"evaluation/test.json", "evaluation/test_age_scatter.png"} <= kept


def test_faces_without_gender_are_drawn_beside_their_guesses() -> None:
    version = _challenger()
    client = mlflow.MlflowClient()
    assert version.run_id is not None
    kept = {file.path for file in client.list_artifacts(version.run_id, "figures")}
    assert "figures/test_faces.png" in kept
    described = client.get_model_version("agegender", str(version.number)).description
    assert "gender from 0 of them" in described


def test_gate_says_that_gender_was_not_measured(store: Path) -> None:
    challenger = _challenger()
    with pytest.raises(GateRefusedError, match="trivial guess; gender was not meas"):
        steps.promote(str(store))
    promote_alias(challenger)
    twin = mlflow.MlflowClient().copy_model_version(challenger.uri, "agegender")
    with pytest.raises(GateRefusedError, match=r"same errors .* gender was not"):
        steps.promote(str(store), version=int(twin.version))


def _challenger() -> Version:
    return resolve("models:/agegender/1")
