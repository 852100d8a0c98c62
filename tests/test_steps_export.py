"""What `agegender export` refuses, and what it makes of the starter."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from storing import write_store

from agegender import cli, steps
from agegender.data.sample.crops import drawn_faces
from agegender.data.store import FaceStore
from agegender.errors import DataError, ModelError
from agegender.evaluate.parity import Accuracy, Parity
from agegender.model.calibration import Calibration
from agegender.model.network import Network
from agegender.model.starter import starter_file
from agegender.notice import NOTICE
from agegender.progress import silent
from agegender.steps.checking import Checked, checked
from agegender.tracking.version import resolve


def test_folder_in_the_way_of_a_file_is_told_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.onnx").mkdir()
    words = ["--model", "starter", "--out", str(tmp_path / "m.onnx")]
    assert cli.main(["export", *words]) == 2
    assert "the name of an .onnx file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            ["--format", "keras", "--precision", "int8", "--out", "m.keras"],
            "there is no keras in int8. Choose from onnx: float32, float16, int8; ",
        ),
        (["--out", "m.tflite"], "out must be the name of an .onnx file for onnx."),
        (["--format", "litert", "--out", "m.onnx"], "an .tflite file for litert."),
        (["--format", "saved-model", "--out", "."], "a new folder for saved-model."),
        (["--precision", "int8", "--out", "m.onnx"], "int8 is fitted to faces: name"),
        (["--precision", "half", "--out", "m.onnx"], "half"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(
    options: list[str],
    complaint: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["export", "--model", "starter", *options]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert complaint in line
    assert not list(tmp_path.glob("m.*"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of drawn faces, cut as the starter wants them."""
    rule = Network.load(starter_file()).crop_rule
    drawn = drawn_faces(rule)
    faces = np.concatenate([drawn, drawn[:, :, ::-1], 255 - drawn])
    ids = [f"face{n}" for n in range(len(faces))]
    labels = pd.DataFrame(
        {
            "id": ids,
            "source": "drawn",
            "identity": ids,
            "age": np.linspace(5, 80, len(faces)).astype(np.float32),
            "gender": np.resize([0, 1], len(faces)).astype(np.int8),
            "split": np.repeat(["train", "validation", "test"], len(drawn)),
        }
    )
    write_store(tmp_path / "store", faces, labels, crop_rule=rule)
    return tmp_path / "store"


def test_int8_states_what_it_loses_and_nothing_is_made_from_it(
    store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "files" / "small.onnx"
    asked = ["--model", "starter", "--precision", "int8", "--store", str(store)]
    assert cli.main(["export", *asked, "--out", str(out)]) == 0
    assert {file.name for file in out.parent.iterdir()} == {
        "small.onnx",
        "MODEL_CARD.md",
    }
    assert out.stat().st_size < 0.7 * starter_file().stat().st_size
    noted = Network.load(out).metadata
    check = json.loads(noted["check"])
    before, after = (check["parity"][name] for name in ("before", "after"))
    lost = after["mean_absolute_error"] - before["mean_absolute_error"]
    assert lost != 0.0
    assert check["parity"]["faces"] == 12
    assert noted["precision"] == "int8"
    assert noted["limits"] == NOTICE
    assert f"{lost:+.3f}" in out.with_name("MODEL_CARD.md").read_text("utf-8")
    with pytest.raises(ModelError, match="nothing finer"):
        steps.export(str(out), str(tmp_path / "fine.onnx"))


def test_keras_file_is_measured_by_what_it_answers(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "starter.keras"
    asked = ["--model", "starter", "--format", "keras", "--out", str(file)]
    assert cli.main(["export", *asked]) == 0
    found, wanted = (
        steps.evaluate(model, str(store)).data["metrics"]
        for model in (str(file), "starter")
    )
    for name, metric in wanted.items():
        assert found[name]["value"] == pytest.approx(metric["value"], abs=1e-3), name


@pytest.mark.parametrize("lacking", ["validation", "test"])
def test_store_that_lacks_a_split_is_refused_before_anything_is_written(
    lacking: str, store: Path, tmp_path: Path
) -> None:
    labels = FaceStore.open(store).labels
    write_store(
        tmp_path / "lacking",
        np.load(store / "faces.npy"),
        labels.assign(split=labels["split"].replace(lacking, "train")),
        crop_rule=Network.load(starter_file()).crop_rule,
    )
    out = tmp_path / "files" / "whole.onnx"
    with pytest.raises(DataError, match=f"has no {lacking} faces"):
        steps.export("starter", str(out), store=str(tmp_path / "lacking"))
    assert not out.parent.exists()


def test_card_of_somebody_stays_and_nothing_is_written_beside_it(
    store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "files" / "small.onnx"
    out.parent.mkdir()
    card = out.with_name("MODEL_CARD.md")
    card.write_text("# My card\n")
    with pytest.raises(DataError, match=r"MODEL_CARD.md is no card of ours; it stays"):
        steps.export("starter", str(out), store=str(store))
    assert [file.name for file in out.parent.iterdir()] == [card.name]
    assert card.read_text() == "# My card\n"


def test_float32_file_that_answers_another_way_is_refused(store: Path) -> None:
    network = Network.load(starter_file())
    other = Network.load(starter_file())
    other.calibration = Calibration(age_temperature=3.0)
    version, faces = resolve("starter"), FaceStore.open(store)
    checked(version, network, network, "float32", faces, silent)
    with pytest.raises(ModelError, match=r"0\.05 being allowed"):
        checked(version, network, other, "float32", faces, silent)
    checked(version, network, other, "float16", faces, silent)


def test_loss_of_nothing_is_told_without_a_minus() -> None:
    before, after = Accuracy(5.0, 0.9), Accuracy(5.0 - 1e-8, 0.9 - 1e-8)
    told = Checked("drawn", "keras", Parity(9, 0.0, 0.0, 0.0, before, after)).told()
    assert "5.000 years, +0.000; gender 90.00% right, +0.00 points." in told
