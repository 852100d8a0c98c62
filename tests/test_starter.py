"""The model that comes with the package, asked where there is no registry."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import agegender
from agegender import cli, steps
from agegender.data.sample.photos import example_photo
from agegender.model.network import Network
from agegender.model.starter import STARTER_NOTICE, starter_file
from agegender.tracking.place import is_there
from agegender.tracking.store import use_tracking_store
from agegender.tracking.version import resolve

PROJECT = Path(__file__).parents[1]
LARGEST_BYTES = 12e6


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a drawn photo of one person."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(example_photo())
    return path


def test_photos_are_answered_without_a_registry_and_none_is_made(photo: Path) -> None:
    """A fresh process in a folder that has nothing but the photo."""
    code = (
        "import sys\n"
        "from agegender import cli\n"
        "code = cli.main(['predict', 'photo.jpg', '--format', 'json'])\n"
        "slow = {'mlflow', 'pandas', 'pyarrow', 'requests'} & set(sys.modules)\n"
        "sys.exit(f'{slow} are loaded' if slow else code)\n"
    )
    bare = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=photo.parent,
        env=bare | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    assert answered["model"] == "starter"
    (face,) = answered["photos"][0]["faces"]
    assert 0.0 <= face["age_low"] <= face["age"] <= face["age_high"] <= 100.0
    assert STARTER_NOTICE in done.stderr
    assert [file.name for file in photo.parent.iterdir()] == ["photo.jpg"]


def test_registry_without_a_champion_leaves_the_answer_to_the_starter(
    photo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    use_tracking_store()
    assert is_there()
    assert steps.predict([str(photo)]).data["model"] == "starter"
    assert STARTER_NOTICE in caplog.text


def test_starter_asked_for_by_name_is_not_explained(
    photo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = agegender.load("starter").predict([photo])
    assert len(answer.faces) == 1
    assert resolve("starter").file == starter_file()
    assert not caplog.text


def test_tracking_store_is_seen_without_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert not is_there(tmp_path)
    use_tracking_store(tmp_path)
    assert is_there(tmp_path)


def test_starter_is_small_calibrated_and_the_one_that_its_card_tells_of() -> None:
    content = starter_file().read_bytes()
    assert len(content) <= LARGEST_BYTES
    card = starter_file().with_name("MODEL_CARD.md").read_text("utf-8")
    assert hashlib.sha256(content).hexdigest() in card
    assert "non-commercial" in card
    assert Network.load(starter_file()).calibration.faces > 1000


def test_openvino_tells_nearly_the_same_age(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for runtime in ("onnxruntime", "openvino"):
        asked = ["--model", "starter", "--runtime", runtime, "--format", "json"]
        assert cli.main(["predict", str(photo), *asked]) == 0
        ((face,),) = (p["faces"] for p in json.loads(capsys.readouterr().out)["photos"])
        told.append(face["age"])
    assert told[0] == pytest.approx(told[1], abs=0.5)


def test_openvino_that_is_not_installed_is_told_in_one_line(
    photo: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    asked = [str(photo), "--model", "starter", "--runtime", "openvino"]
    assert cli.main(["predict", *asked]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert 'pip install "agegender[openvino]"' in line
