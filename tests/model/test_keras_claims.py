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


def planning(kind: str, shape: list[Any], **config: Any) -> Change:
    """Let a layer follow that Keras would build by a shape before it is joined."""

    def change(members: dict[str, bytes]) -> None:
        plan = json.loads(members[PLAN])
        layer = {"module": "keras.layers", "class_name": kind, "registered_name": None}
        layer |= {"config": config, "build_config": {"input_shape": shape}}
        plan["config"]["layers"].append(layer)
        members[PLAN] = json.dumps(plan).encode()

    return change


def with_shapes_by_name(members: dict[str, bytes]) -> None:
    """Let the last wide layer be built by the other way to tell a shape."""
    plan = json.loads(members[PLAN])
    layers = [one for one in plan["config"]["layers"] if "units" in one["config"]]
    layers[-1]["build_config"] = {"shapes_dict": {"input_shape": [None, 2**28]}}
    members[PLAN] = json.dumps(plan).encode()


def with_layers_without_end(members: dict[str, bytes]) -> None:
    plan = json.loads(members[PLAN])
    plan["config"]["layers"] += plan["config"]["layers"][-1:] * 2**14
    members[PLAN] = json.dumps(plan).encode()


def with_linked_weights(link: Any) -> Change:
    """Let the first weights be a link."""

    def change(members: dict[str, bytes]) -> None:
        file = io.BytesIO(members[WEIGHTS])
        with h5py.File(file, "a") as weights:
            del weights["layers"]
            weights["layers"] = link
        members[WEIGHTS] = file.getvalue()

    return change


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
        (claiming("kernel_size", [2**14, 2**14]), "kernel_size is 16384 in it"),
        (claiming("kernel_size", [2**12, 2**12]), "its layers have"),
        (without_shapes, "0 stands where a number above 0 has to"),
        (claiming("batch_shape", [None, 2**14, 2**14, 3]), "batch_shape is 16384 in"),
        (claiming("units", 2.0**30), "1073741824.0 stands where"),
        (claiming("units", "99"), "99 stands where"),
        (claiming("kernel_size", {"items": ["40000", 40000]}), "stands where"),
        (claiming("dilation_rate", [1, 2**30]), "dilation_rate is 1073741824 in it"),
        (claiming("strides", 10**30), "strides is 1000"),
        (with_shapes_by_name, "0 stands where"),
        (with_layers_without_end, "it has 164.. layers"),
        (planning("BatchNormalization", [None, 2**28]), "its layers have"),
        (planning("BatchNorm", [None, 2**28, 1], axis=1), "its layers have"),
        (planning("Dense", [None, 8], units=1, lora_rank=2**20), "have no lora_rank"),
        (planning("LSTM", [None, 8, 4], units=2**14), "our networks have no LSTM"),
        (planning("Embedding", [1, 8], input_dim=9, output_dim=99), "no Embedding"),
        (claiming("kernel_initializer", {"class_name": "Tiled"}), "no Tiled"),
        (with_linked_weights(h5py.SoftLink("/layers")), "its weights lie in another"),
        (
            with_linked_weights(h5py.ExternalLink("/etc/other.h5", "/layers")),
            "its weights lie in another",
        ),
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


@pytest.mark.parametrize(("place", "value"), [(8, 1), (10, 9), (6, 90)])
def test_archive_that_cannot_be_unpacked_is_refused(
    place: int, value: int, saved: Path, tmp_path: Path
) -> None:
    # Encrypted, packed in a way that nobody has, of a release to come.
    path = changed(saved, tmp_path / "odd.keras", lambda _: None)
    content, head = bytearray(path.read_bytes()), 0
    while (head := content.find(b"PK\x01\x02", head + 1)) >= 0:
        content[head + place] = value
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a Keras network") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_numbers_without_end_are_not_told_at_length(
    saved: Path, tmp_path: Path
) -> None:
    path = changed(saved, tmp_path / "long.keras", claiming("filters", 10**4000))
    with pytest.raises(ModelError, match="its layers have") as caught:
        load_model(path)
    assert len(str(caught.value)) < 1000


def test_file_compressed_anew_is_the_same_network(saved: Path, tmp_path: Path) -> None:
    path = changed(saved, tmp_path / "again.keras", lambda _: None)
    assert load_model(path).count_params() == load_model(saved).count_params()


def test_notes_that_unpack_to_far_more_are_refused(saved: Path, tmp_path: Path) -> None:
    def vast_notes(members: dict[str, bytes]) -> None:
        members[NOTES] = b" " * 2**27

    path = changed(saved, tmp_path / "bomb.keras", vast_notes)
    with pytest.raises(ModelError, match="it unpacks to 134"):
        read_notes(path)


def test_notes_that_are_nested_without_end_are_refused(
    saved: Path, tmp_path: Path
) -> None:
    def deep_notes(members: dict[str, bytes]) -> None:
        members[NOTES] = b"[" * 10**5

    path = changed(saved, tmp_path / "deep.keras", deep_notes)
    with pytest.raises(ModelError, match="recursion"):
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
