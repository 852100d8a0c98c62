"""What `prep` says, beside the store that it makes."""

from pathlib import Path

import pytest

from agegender import cli, steps


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    drawn = steps.sample(str(tmp_path_factory.mktemp("drawn")), faces=80, seed=1)
    return str(drawn.data["archive"])


def test_database_beside_a_store_can_be_prepared_again(
    archive: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "imdb_db.mat")
    first = steps.prep("wiki", out="a", archive=archive, size=32, also_mat=path)
    assert first.data["also_mat"] == path
    assert f"also in {path}" in first.text
    assert "names no people" not in first.text
    again = steps.prep("mat-db", out="b", archive=path, size=32)
    assert again.data["kept"] == first.data["kept"]
    assert "mat-db names no people" in again.text


def test_dry_run_writes_no_database(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--source", "wiki", "--archive", archive, "--dry-run"]
    assert cli.main(["prep", *options, "--also-mat", "faces.mat"]) == 2
    assert "--also-mat needs a store" in capsys.readouterr().err
    assert not (tmp_path / "faces.mat").exists()
