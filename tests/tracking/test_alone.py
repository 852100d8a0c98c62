"""The lock of a promotion lies where the versions are."""

from pathlib import Path

import pytest

from agegender.errors import ModelError
from agegender.tracking.alone import alone
from agegender.tracking.store import use_tracking_store


def test_lock_lies_beside_the_registry_and_not_beside_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path / 'models.db'}")
    use_tracking_store()
    with alone():
        assert (tmp_path / "models.db.lock").is_file()


def test_lock_that_cannot_be_had_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'runs.db'}")
    use_tracking_store()
    (tmp_path / "runs.db.lock").unlink(missing_ok=True)
    (tmp_path / "runs.db.lock").mkdir()
    with (
        pytest.raises(ModelError, match="could not wait for other promotions"),
        alone(),
    ):
        pass
