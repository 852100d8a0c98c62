from pathlib import Path

import pytest

from agegender.errors import DataError
from agegender.predict import find_photos


@pytest.fixture
def album(tmp_path: Path) -> Path:
    names = ["b.JPG", "a.png", "._a.png", "notes.txt", "inner/c.webp", "empty/x.txt"]
    for name in names:
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "album"


def test_folder_gives_its_photos_sorted(album: Path) -> None:
    assert [path.name for path in find_photos([album])] == ["a.png", "b.JPG"]


def test_recursive_search_enters_folders(album: Path) -> None:
    found = find_photos([str(album)], recursive=True)
    assert [path.name for path in found] == ["a.png", "b.JPG", "c.webp"]


def test_named_file_is_taken_whatever_its_extension(album: Path) -> None:
    assert find_photos([album / "notes.txt"]) == [album / "notes.txt"]


def test_photo_named_twice_is_taken_once_in_the_order_given(album: Path) -> None:
    found = find_photos([album / "b.JPG", album, album / "b.JPG"])
    assert [path.name for path in found] == ["b.JPG", "a.png"]


def test_missing_path_is_an_error(album: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.jpg"):
        find_photos([album, album / "nowhere.jpg"])


def test_folder_without_photos_is_an_error_that_tells_of_recursion(album: Path) -> None:
    with pytest.raises(DataError, match="--recursive"):
        find_photos([album / "empty"])
    with pytest.raises(DataError, match="holds no photo") as refused:
        find_photos([album / "empty"], recursive=True)
    assert "--recursive" not in str(refused.value)
