"""Keras files that would fill the memory are refused before they do."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest

from agegender.errors import ModelError
from agegender.model.files import load_model, save_model
from agegender.model.keras_claims import PLAN, WEIGHTS
from agegender.model.keras_file import read_notes
from agegender.model.keras_formats import NOTES

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def saved(tiny_network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tiny_network, tmp_path_factory.mktemp("saved") / "tiny.keras")


def changed(saved: Path, path: Path, change: Change) -> Path:
    """Write a Keras file anew, its members changed and compressed."""
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def claiming(key: str, value: Any) -> Change:
    """Let the last layer that has such a setting have another one."""

    def change(members: dict[str, bytes]) -> None:
        plan = json.loads(members[PLAN])
        layers = [one["config"] for one in plan["config"]["layers"]]
        [one for one in layers if key in one][-1][key] = value
        members[PLAN] = json.dumps(plan).encode()

    return change


def without_shapes(members: dict[str, bytes]) -> None:
    """Let wide layers follow each other whose inputs nobody tells."""
    plan = json.loads(members[PLAN])
    for layer in plan["config"]["layers"]:
        layer.pop("build_config", None)
        if "units" in layer["config"]:
            layer["config"]["units"] = 2**17
    members[PLAN] = json.dumps(plan).encode()


def vast_plan(members: dict[str, bytes]) -> None:
    members[PLAN] = b" " * 2**27 + members[PLAN]


def weights_that_are_not_there(members: dict[str, bytes]) -> None:
    file = io.BytesIO(members[WEIGHTS])
    with h5py.File(file, "a") as weights:
        weights.create_dataset("more", (2**20, 2**20), "float32", chunks=(64, 64))
    members[WEIGHTS] = file.getvalue()


def weights_elsewhere(members: dict[str, bytes]) -> None:
    file = io.BytesIO(members[WEIGHTS])
    with h5py.File(file, "a") as weights:
        held = [("/etc/hostname", 0, 8)]
        weights.create_dataset("more", (2,), "float32", external=held)
    members[WEIGHTS] = file.getvalue()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (vast_plan, "it unpacks to 134"),
        (claiming("units", 2**30), "its layers have"),
        (claiming("filters", 2**24), "its layers have"),
        (claiming("kernel_size", [2**14, 2**14]), "its layers have"),
        (without_shapes, "its layers have"),
        (weights_that_are_not_there, "its weights have 4398"),
        (weights_elsewhere, "its weights lie in another file"),
        (lambda members: members.pop(WEIGHTS), "no item named"),
        (lambda members: members.update({PLAN: b"[" * 10**5}), "recursion"),
        (lambda members: members.update({PLAN: b"[]"}), ""),
    ],
)
def test_file_that_claims_more_than_it_holds_is_refused(
    change: Change, told: str, saved: Path, tmp_path: Path
) -> None:
    path = changed(saved, tmp_path / "bomb.keras", change)
    with pytest.raises(ModelError, match=f"is not a Keras network: .*{told}") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_file_compressed_anew_is_the_same_network(saved: Path, tmp_path: Path) -> None:
    path = changed(saved, tmp_path / "again.keras", lambda _: None)
    assert load_model(path).count_params() == load_model(saved).count_params()


def test_notes_that_unpack_to_far_more_are_refused(saved: Path, tmp_path: Path) -> None:
    def vast_notes(members: dict[str, bytes]) -> None:
        members[NOTES] = b" " * 2**27

    path = changed(saved, tmp_path / "bomb.keras", vast_notes)
    with pytest.raises(ModelError, match="it unpacks to 134"):
        read_notes(path)


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    name = str(tmp_path / "ran")
    layer = keras.layers.Lambda(lambda faces: Path(name).write_text("ran") and faces)
    path = tmp_path / "code.keras"
    save_model(keras.Sequential([keras.Input((4, 4, 3)), layer]), path)
    ran = Path(name)
    ran.unlink()  # it was made where the network was built
    with pytest.raises(ModelError, match="is not a Keras network"):
        load_model(path)
    assert not ran.exists()
