"""Faces that grow while training."""

from dataclasses import replace

import numpy as np
import pytest

from agegender.config import Experiment, ModelConfig, TrainingConfig
from agegender.data.store import FaceStore
from agegender.errors import ConfigError
from agegender.model.augment import Augment
from agegender.model.moving import shrunk
from agegender.train import fit, plan
from agegender.train.checkpoint import Checkpoint
from agegender.train.sizes import size_of_epoch


@pytest.fixture(scope="module")
def growing(tiny_experiment: Experiment) -> Experiment:
    """Return two epochs of 8 px, one of 16."""
    settings = replace(tiny_experiment.training, first_size=8, growing=0.7)
    return replace(tiny_experiment, training=settings)


def test_sizes_grow_in_equal_steps_to_whole_faces() -> None:
    settings = TrainingConfig(epochs=12, first_size=32, growing=0.67)
    sizes = [size_of_epoch(settings, 64, epoch) for epoch in range(12)]
    assert sizes == [32, 32, 40, 40, 48, 48, 56, 56, 64, 64, 64, 64]


@pytest.mark.parametrize("growing", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("epochs", [1, 2, 7])
def test_last_epoch_has_whole_faces(growing: float, epochs: int) -> None:
    settings = TrainingConfig(epochs=epochs, first_size=32, growing=growing)
    assert size_of_epoch(settings, 60, epochs - 1) == 60


def test_faces_are_whole_from_the_start_where_nothing_is_said() -> None:
    assert size_of_epoch(TrainingConfig(), 64, 0) == 64


def test_faces_cannot_begin_larger_than_they_are(
    growing: Experiment, tiny_store: FaceStore
) -> None:
    settings = replace(growing.training, first_size=24)
    for ask in (fit, plan):
        with pytest.raises(ConfigError, match="at most the store's 16 px"):
            ask(replace(growing, training=settings), tiny_store)


def test_settings_that_do_not_go_with_growing_faces_are_told() -> None:
    with pytest.raises(ConfigError, match="multiple of 8"):
        TrainingConfig(first_size=30)
    with pytest.raises(ConfigError, match="growing must be"):
        TrainingConfig(growing=1.0)
    with pytest.raises(ConfigError, match="patience must be 0"):
        TrainingConfig(first_size=32, patience=2)
    with pytest.raises(ConfigError, match="pooling is global"):
        Experiment(
            model=ModelConfig(pooling="8"), training=TrainingConfig(first_size=32)
        )


@pytest.mark.parametrize("side", [8, 10, 13, 15, 16])
def test_new_pixels_are_means_of_what_they_cover(side: int) -> None:
    faces = np.random.default_rng(side).integers(0, 256, (3, 16, 16, 3), np.uint8)
    # Each pixel laid out `side` times both ways makes whole blocks of all of them.
    fine = faces.repeat(side, axis=1).repeat(side, axis=2).astype(float)
    blocks = fine.reshape(3, side, 16, side, 16, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(np.asarray(shrunk(faces, side)), blocks, rtol=1e-5)


def test_each_epoch_is_compiled_for_its_size(
    growing: Experiment, tiny_store: FaceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[int] = []
    lit = Augment._lit

    def noting(self: Augment, faces: object, draws: object) -> object:
        traced.append(faces.shape[1])  # type: ignore[attr-defined]
        return lit(self, faces, draws)  # type: ignore[arg-type]

    monkeypatch.setattr(Augment, "_lit", noting)
    trained = fit(growing, tiny_store)
    assert list(dict.fromkeys(traced)) == [8, 16]
    assert np.isfinite(trained.history.to_numpy()).all()
    faces = tiny_store.faces[:2]
    assert trained.model.get_layer("augment")(faces).shape == faces.shape


def test_training_that_goes_on_has_the_sizes_of_its_epochs(
    growing: Experiment, tiny_store: FaceStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    class StoppedError(Exception):
        pass

    def stop(epoch: int, _: object) -> None:
        if epoch == 1:
            raise StoppedError

    checkpoint = Checkpoint(tmp_path_factory.mktemp("growing") / "state.npz")
    with pytest.raises(StoppedError):
        fit(growing, tiny_store, [stop], checkpoint=checkpoint)
    gone_on = fit(growing, tiny_store, checkpoint=checkpoint)
    undisturbed = fit(growing, tiny_store)
    kept = ["loss", "val_loss", "val_age_mae"]
    np.testing.assert_array_equal(gone_on.history[kept], undisturbed.history[kept])
