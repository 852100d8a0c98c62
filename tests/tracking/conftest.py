"""One database made and one model registered for all, then copied for each test."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import mlflow
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from agegender.config import CropRule
from agegender.tracking import registry
from agegender.tracking.runs import tracked_run
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import Version

TINY = CropRule(size=16)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tracking database that nothing was recorded in yet."""
    root = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        _stand_in(patch, root)
        use_tracking_store(root)
    return root / "mlruns" / "mlflow.db"


@pytest.fixture
def store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path
) -> Iterator[Path]:
    """Use a fresh tracking store; return the folder that it lies in."""
    yield from _use_copy(empty_database, tmp_path, monkeypatch)


@pytest.fixture
def registered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    registered_database: tuple[Path, Version],
) -> Iterator[Version]:
    """Use a fresh store that holds one registered version; return the version."""
    database, version = registered_database
    for _ in _use_copy(database, tmp_path, monkeypatch):
        yield version


@pytest.fixture(scope="session")
def registered_database(
    tmp_path_factory: pytest.TempPathFactory,
    empty_database: Path,
    tiny_network: Path,
    photo: bytes,
) -> tuple[Path, Version]:
    """Register the tiny network once; return the database and the version."""
    root = tmp_path_factory.mktemp("registered")
    (root / "mlruns").mkdir()
    database = root / "mlruns" / "mlflow.db"
    shutil.copy(empty_database, database)
    with pytest.MonkeyPatch.context() as patch:
        _stand_in(patch, root)
        use_tracking_store(root)
        with tracked_run("tiny") as run:
            version = registry.register(
                run, tiny_network, None, photo, {"crop_rule": asdict(TINY)}
            )
    return database, version


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an ONNX file of ours that finds everybody 30 years old and male."""
    age = np.zeros((101,), np.float32)
    age[30] = 1.0
    graph = helper.make_graph(
        [
            helper.make_node("Shape", ["faces"], ["count"], start=0, end=1),
            helper.make_node("Concat", ["count", "classes"], ["shape"], axis=0),
            helper.make_node("Expand", ["age_of_all", "shape"], ["age"]),
            helper.make_node("Expand", ["male_of_all", "count"], ["gender"]),
        ],
        "tiny",
        [
            helper.make_tensor_value_info(
                "faces", TensorProto.UINT8, ["n", TINY.size, TINY.size, 3]
            )
        ],
        [
            helper.make_tensor_value_info("age", TensorProto.FLOAT, ["n", 101]),
            helper.make_tensor_value_info("gender", TensorProto.FLOAT, ["n"]),
        ],
        [
            numpy_helper.from_array(np.array([101]), "classes"),
            numpy_helper.from_array(age, "age_of_all"),
            numpy_helper.from_array(np.array([0.9], np.float32), "male_of_all"),
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    helper.set_model_props(
        model,
        {
            "agegender.crop_rule": json.dumps(asdict(TINY)),
            "agegender.genders": json.dumps(["female", "male"]),
            "agegender.ages": json.dumps([0, 100]),
        },
    )
    path = tmp_path_factory.mktemp("network") / "model.onnx"
    onnx.save_model(model, path)
    return path


@pytest.fixture(scope="session")
def photo() -> bytes:
    """Return an encoded photo of 48 x 48 px without a face in it."""
    encoded = BytesIO()
    Image.new("RGB", (48, 48), (90, 120, 150)).save(encoded, "JPEG")
    return encoded.getvalue()


def _stand_in(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.chdir(folder)
    for name in (
        "MLFLOW_TRACKING_URI",
        "MLFLOW_EXPERIMENT_NAME",
        "MLFLOW_EXPERIMENT_ID",
        "MLFLOW_RUN_ID",
    ):
        patch.delenv(name, raising=False)
    mlflow.set_tracking_uri(None)


def _use_copy(
    database: Path, folder: Path, patch: pytest.MonkeyPatch
) -> Iterator[Path]:
    (folder / "mlruns").mkdir()
    shutil.copy(database, folder / "mlruns" / "mlflow.db")
    _stand_in(patch, folder)
    use_tracking_store(folder)
    yield folder
    mlflow.set_tracking_uri(None)
