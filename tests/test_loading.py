"""`agegender.load`: a file, a folder, a Keras file; the same answers from each."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import agegender
from agegender.data.sample.photos import example_photo
from agegender.errors import ConfigError, ModelError
from agegender.model.files import save_model
from agegender.model.folder import network_in
from agegender.model.keras_formats import note_in_keras_format
from agegender.model.network import Network
from agegender.model.rebuilt import rebuild
from agegender.model.starter import starter_file
from agegender.steps.loading import find_network


@pytest.fixture(scope="module")
def crop() -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(example_photo())).resize((64, 64)))


def told(model: str | Path, crop: NDArray[np.uint8]) -> tuple[float, ...]:
    (answer,) = agegender.load(model, detector="none").predict(crop)
    (face,) = answer.faces
    return face.age, face.age_low, face.age_high, face.male_probability


def test_keras_file_that_export_wrote_answers_as_its_source(
    crop: NDArray[np.uint8], tmp_path: Path
) -> None:
    exported = save_model(rebuild(starter_file()), tmp_path / "network.keras")
    note_in_keras_format(exported, Network.load(starter_file()).metadata)
    answer = told(exported, crop)
    assert answer == pytest.approx(told("starter", crop), abs=0.01)
    assert told(tmp_path, crop) == answer  # the folder that holds it


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ({"point": "midpoint"}, "tells ages by 'midpoint'"),
        ({"genders": '["male", "female"]'}, "orders genders"),
    ],
)
def test_keras_file_with_notes_of_another_meaning_is_refused(
    note: dict[str, str], told: str, tmp_path: Path
) -> None:
    exported = save_model(rebuild(starter_file()), tmp_path / "network.keras")
    note_in_keras_format(exported, Network.load(starter_file()).metadata | note)
    with pytest.raises(ModelError, match=told):
        agegender.load(exported)


def test_keras_file_that_does_not_say_how_faces_were_cut_is_refused(
    tmp_path: Path,
) -> None:
    bare = save_model(rebuild(starter_file()), tmp_path / "bare.keras")
    with pytest.raises(ModelError, match="does not say how the faces"):
        agegender.load(str(bare))


def test_folder_of_one_network_is_that_network(
    crop: NDArray[np.uint8], tmp_path: Path
) -> None:
    shutil.copy(starter_file(), tmp_path / "mine.onnx")
    assert told(tmp_path, crop) == told("starter", crop)
    shutil.copy(starter_file(), tmp_path / "other.onnx")
    with pytest.raises(ModelError, match=r"name one of mine\.onnx, other\.onnx"):
        agegender.load(str(tmp_path))


def test_hidden_files_of_a_folder_are_no_networks(tmp_path: Path) -> None:
    for name in ("mine.onnx", "._mine.onnx", ".mine.part.onnx"):
        (tmp_path / name).touch()
    assert network_in(tmp_path) == tmp_path / "mine.onnx"


def test_folder_of_mlflow_is_the_network_that_it_notes(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(
        "flavors:\n  python_function:\n    artifacts:\n      network:\n"
        "        path: artifacts/brightness.onnx\n"
    )
    assert network_in(tmp_path) == tmp_path / "artifacts" / "brightness.onnx"
    for other in ("flavors: {sklearn: {}}\n", "[" * 10**5):
        (tmp_path / "MLmodel").write_text(other)
        with pytest.raises(ModelError, match="no network of ours"):
            network_in(tmp_path)


def test_no_name_is_not_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(starter_file(), tmp_path / "one.onnx")
    monkeypatch.chdir(tmp_path)
    assert find_network(".").file.name == "one.onnx"
    with pytest.raises(ModelError, match="Received: ''"):
        find_network("")


@pytest.mark.parametrize("name", ["gone.onnx", "gone.keras", "empty", "letter.keras"])
def test_what_is_no_model_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "letter.keras").write_text("dear all")
    with pytest.raises(ModelError) as refused:
        agegender.load(str(tmp_path / name))
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_path_of_a_model_is_named_as_text_beside_its_answers(
    crop: NDArray[np.uint8],
) -> None:
    predictor = agegender.load(starter_file(), detector="none")
    assert predictor.predict(crop).to_pandas()["model"].tolist() == [
        str(starter_file())
    ]


def test_path_of_a_model_that_is_no_text_can_be_written_beside_its_answers() -> None:
    assert find_network("\udce9t\udce9.keras").name == r"\udce9t\udce9.keras"


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"detector": "haar"}, "detector must be one of mtcnn, none"),
        ({"runtime": "cuda"}, "runtime must be one of onnxruntime, openvino"),
    ],
)
def test_unknown_choice_is_told_with_those_there_are(
    option: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        agegender.load("starter", **option)  # type: ignore[arg-type]
