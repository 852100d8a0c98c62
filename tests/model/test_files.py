from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from agegender.config import ModelConfig
from agegender.errors import ModelError
from agegender.model.files import load_model, save_model
from agegender.model.wide_resnet import build


def test_network_comes_back_as_it_was_saved(
    tiny_network: keras.Model, some_faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = save_model(tiny_network, tmp_path / "model.keras")
    back = load_model(path)
    for name, wanted in tiny_network.predict(some_faces, verbose=0).items():
        np.testing.assert_array_equal(back.predict(some_faces, verbose=0)[name], wanted)
    assert back.get_layer("augment").get_config() == (
        tiny_network.get_layer("augment").get_config()
    )
    assert list(tmp_path.glob("*.keras")) == [path]
    assert list(tmp_path.glob(".*.keras")) == []


def test_other_heads_come_back_too(
    some_faces: NDArray[np.uint8], tmp_path: Path
) -> None:
    config = ModelConfig(10, 1, pooling="original", age_head="ordinal", mirrored=True)
    model = build(config, 16, None)
    back = load_model(save_model(model, tmp_path / "model.keras"))
    for name, wanted in model.predict(some_faces, verbose=0).items():
        np.testing.assert_array_equal(back.predict(some_faces, verbose=0)[name], wanted)


def test_other_ending_is_refused(tiny_network: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must end in \.keras"):
        save_model(tiny_network, tmp_path / "model.h5")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no network at .*none\.keras"):
        load_model(tmp_path / "none.keras")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04"])
def test_file_of_another_kind_is_refused_in_one_line(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a Keras network") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
