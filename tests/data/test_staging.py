from pathlib import Path

import pytest

from agegender.data.staging import staged
from agegender.errors import DataError


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ours(folder: Path) -> bool:
    return (folder / "mark").exists()


def fill(out: Path, text: str) -> None:
    with staged(out, ours) as folder:
        (folder / "mark").write_text(text)


def test_folder_appears_only_when_the_block_has_ended(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "store"
    with staged(out, ours) as folder:
        (folder / "mark").write_text("new")
        assert not out.exists()
        assert folder.parent == out.parent
    assert (out / "mark").read_text() == "new"
    assert names_in(out.parent) == ["store"]


def fail(out: Path, error: type[BaseException]) -> None:
    with staged(out, ours) as folder:
        (folder / "mark").write_text("half")
        raise error


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        fail(tmp_path / "store", KeyError)
    assert names_in(tmp_path) == []


def test_failure_leaves_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "store"
    fill(out, "old")
    with pytest.raises(KeyboardInterrupt):
        fail(out, KeyboardInterrupt)
    assert (out / "mark").read_text() == "old"
    assert names_in(tmp_path) == ["store"]


def test_one_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "store"
    fill(out, "old")
    (out / "left over").touch()
    fill(out, "new")
    assert names_in(out) == ["mark"]
    assert (out / "mark").read_text() == "new"
    assert names_in(tmp_path) == ["store"]


def test_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    fill(tmp_path / "store", "new")
    assert (tmp_path / "store" / "mark").exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    holiday = tmp_path / "photos" / "holiday.jpg"
    holiday.parent.mkdir()
    holiday.write_text("dear")
    for out in (holiday, holiday.parent):
        with pytest.raises(DataError, match="it stays"):
            fill(out, "new")
    assert holiday.read_text() == "dear"


def test_folder_that_one_works_in_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="is the working folder"):
        fill(Path(), "new")
    assert names_in(tmp_path) == []


def test_what_appears_meanwhile_stays(tmp_path: Path) -> None:
    out = tmp_path / "store"
    with pytest.raises(DataError, match="it stays"), staged(out, ours):
        (out / "stranger").mkdir(parents=True)
    assert names_in(out) == ["stranger"]
    assert names_in(tmp_path) == ["store"]


def test_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        fill(tmp_path / "file" / "store", "new")


def test_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    disk, out = tmp_path / "disk" / "big", tmp_path / "store"
    disk.parent.mkdir()
    try:
        out.symlink_to(disk)
    except OSError:
        pytest.skip("this system does not let us make links")
    for text in ("first", "second", "third"):
        fill(out, text)
        assert out.is_symlink()
        assert (disk / "mark").read_text() == text
    assert names_in(tmp_path) == ["disk", "store"]
    assert names_in(disk.parent) == ["big"]


def test_name_too_long_for_a_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: File name too long"):
        fill(tmp_path / ("a" * 300), "new")
